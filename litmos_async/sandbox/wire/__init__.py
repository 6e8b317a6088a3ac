"""The sandbox's own reader, writer and tables of fields: it shares none with the client."""
