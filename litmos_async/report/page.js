for (const table of document.querySelectorAll("table")) {
  const body = table.tBodies[0];
  const headers = [...table.tHead.rows[0].cells];
  const keyOf = (row, place) => {
    const cell = row.cells[place];
    return cell.dataset.key ?? cell.textContent;
  };
  headers.forEach((header, place) => {
    const numeric = header.classList.contains("number") || header.classList.contains("percent");
    header.querySelector("button").addEventListener("click", () => {
      const down = header.getAttribute("aria-sort") === "ascending";
      const rows = [...body.rows].map((row) => ({ row, key: keyOf(row, place) }));
      rows.sort((a, b) => {
        if (a.key === "" || b.key === "") return (a.key === "") - (b.key === "");
        const order = numeric ? a.key - b.key : a.key.localeCompare(b.key, undefined, { numeric: true });
        return down ? -order : order;
      });
      for (const other of headers) other.removeAttribute("aria-sort");
      header.setAttribute("aria-sort", down ? "descending" : "ascending");
      body.append(...rows.map(({ row }) => row));
    });
  });
}
