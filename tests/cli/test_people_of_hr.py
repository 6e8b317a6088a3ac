"""People as HR systems and the vendor's own template describe them, through `import users` and `sync users`."""

from __future__ import annotations

from pathlib import Path

import pytest

from litmos_async.cli.sync import PEOPLE
from litmos_async.cli.values import YES_OR_NO
from litmos_async.sandbox import Sandbox
from tests.cli.small import IMPORT, Carry, Desk, organisation

SYNC = "sync users"
BAR = "sync users --deactivate --max-removals 100%"

TEMPLATE = (
    "Username,Email,First Name,Last Name,Password,Phone,Mobile,Skype,Job Title,Company Name,WebSite,Twitter,Team1,"
    "Team2,Team3,Team4,Team5,Course1,Course2,Course3,Address1,Address2,City,State,Zip,Country,CustomField1,"
    "CustomField10,Lauguage,Activate,Brand,LearningPath1,LearningPath2,LearningPath3,AccessLevel"
)
"""The words of the vendor's own file, with its misprint (api-facts, import files)."""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A desk whose people have employee ids and a team."""
    tenant = organisation()
    for number, user in enumerate(tenant.users.values()):
        user["ExternalEmployeeId"] = f"E-{number}"
    tenant.add_team(Name="North")
    return Desk(tmp_path, Sandbox(tenant, requests=10_000))


def person(desk: Desk, name: str) -> dict[str, object]:
    """Return the record of a person."""
    return next(user for user in desk.sandbox.tenant.users.values() if user["UserName"] == name)


def people(desk: Desk) -> list[tuple[str, bool]]:
    """Return user names, and whether they may log in."""
    return [(user["UserName"], user["Active"]) for user in desk.sandbox.tenant.users.values()]


THREE = [(f"user.{number}@example.com", True) for number in range(3)]


def row(**fields: str) -> str:
    """Return a line of the template."""
    return ",".join(fields.get(name.replace(" ", "_"), "") for name in TEMPLATE.split(","))


# ------------------------------------------------ the vendor's template


@pytest.mark.parametrize("words", [IMPORT, SYNC])
@pytest.mark.parametrize("header", [TEMPLATE, TEMPLATE.upper(), TEMPLATE.replace(" ", "_").lower()])
def test_the_vendors_template(
    desk: Desk, carry: Carry, words: str, header: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """All its words are known; empty columns for which there is no field are passed over with a note."""
    line = row(
        Username="nora@example.com",
        Email="nora@example.com",
        First_Name="Nora",
        Last_Name="New",
        Job_Title="Analyst",
        WebSite="https://example.com",
        Address1="Main Street",
        Zip="01234",
        Lauguage="en-US",
        Activate="TRUE",
        AccessLevel="L",
        CustomField10="ten",
        Mobile="+15550100",
    )
    desk.write(header, line)
    assert carry(words) == 0, desk.outcomes()
    nora = person(desk, "nora@example.com")
    assert {name: nora[name] for name in ("JobTitle", "Website", "Street1", "PostalCode", "Culture")} == {
        "JobTitle": "Analyst",
        "Website": "https://example.com",
        "Street1": "Main Street",
        "PostalCode": "01234",
        "Culture": "en-US",
    }
    assert (nora["AccessLevel"], nora["CustomField10"], nora["PhoneMobile"]) == (
        "Learner",
        "ten",
        "+15550100",
    )
    assert "columns passed over: " in capsys.readouterr().out
    assert carry(words) == 0
    if words == SYNC:
        assert desk.outcomes() == [["2", "skipped", "as desired"]]


@pytest.mark.parametrize(
    ("words", "column", "told"),
    [
        (IMPORT, "LearningPath1", "litmos assign learning-paths"),
        (IMPORT, "Learning Path 3", "litmos assign learning-paths"),
        (SYNC, "LearningPath2", "litmos assign learning-paths"),
        (SYNC, "Team1", "litmos assign teams"),
        (SYNC, "Course3", "litmos assign courses"),
        (SYNC, "UserCustomField7", "litmos import users"),
        (IMPORT, "Time Zone", "litmos sync users"),
        (IMPORT, "skip_first_login", "--skip-first-login"),
        (IMPORT, "Full Name", "first_name and last_name"),
        (SYNC, "Last Login", "the server alone sets it"),
    ],
)
def test_what_cannot_be_set_is_refused_by_name(
    desk: Desk, carry: Carry, *, words: str, column: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where it is filled; where it is not, or is to be ignored, it is noted."""
    desk.write(f"user_name,first_name,last_name,{column}", "new@example.com,N,N,x")
    assert carry(words) == 2
    refused = capsys.readouterr().err
    assert f"'{column}' cannot be set: " in refused
    assert told in refused
    assert people(desk) == THREE
    assert carry(f"{words} --ignore-columns --dry-run") == 0
    desk.write(f"user_name,first_name,last_name,{column}", "new@example.com,N,N,")
    assert carry(words) == 0
    assert f"columns passed over: '{column}'" in capsys.readouterr().out


@pytest.mark.parametrize("words", [IMPORT, SYNC])
@pytest.mark.parametrize(
    ("columns", "wire", "value"),
    [
        (("title", "job_title", "Job Title"), "JobTitle", "Analyst"),
        (("phone", "phone_work", "Work Phone"), "PhoneWork", "+15550100"),
        (("mobile", "Phone Mobile"), "PhoneMobile", "+15550100"),
        (("zip", "postal_code", "Zip Code"), "PostalCode", "01234"),
        (("address1", "street1", "Street"), "Street1", "Main"),
        (("website", "Web Site"), "Website", "https://example.com"),
        (("culture", "Language"), "Culture", "en-US"),
        (("email", "Work Email", "E-Mail Address"), "Email", "ada@example.com"),
        (("external_employee_id", "Employee ID", "Personnel Number"), "ExternalEmployeeId", "E-77"),
    ],
)
def test_a_field_has_the_same_words_in_both(
    desk: Desk, carry: Carry, words: str, *, columns: tuple[str, ...], wire: str, value: str
) -> None:
    """Whatever the records of the API call it."""
    for column in columns:
        desk.write(f"user_name,first_name,last_name,{column}", f"user.0@example.com,Ada,Example,{value}")
        assert carry(words) == 0
        assert person(desk, "user.0@example.com")[wire] == value
        person(desk, "user.0@example.com")[wire] = ""


@pytest.mark.parametrize("words", [IMPORT, SYNC])
def test_two_words_for_one_field(
    desk: Desk, carry: Carry, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Which of them counts is not known."""
    desk.write("user_name,title,Job Title", "user.0@example.com,a,b")
    assert carry(words) == 2
    assert "the same column twice: 'title', 'Job Title'" in capsys.readouterr().err


@pytest.mark.parametrize("column", ["expiration_date", "Inactivate Date", "in_active_date"])
def test_a_day_after_which_no_one_may_log_in(desk: Desk, carry: Carry, column: str) -> None:
    """It is given as a day, in a form in which one can be meant; both commands take it."""
    desk.write(f"user_name,{column}", "user.0@example.com,24.12.2031", "user.1@example.com,03/04/2031")
    assert carry(SYNC) == 1
    assert str(person(desk, "user.0@example.com")["ExpirationDate"]).startswith("2031-12-24")
    assert "it may be day 3 of a month, or day 4" in desk.outcomes()[1][2]
    desk.write(f"user_name,first_name,last_name,{column}", "new@example.com,N,N,2031-12-24")
    assert carry(IMPORT) == 0


@pytest.mark.parametrize("words", [IMPORT, SYNC])
def test_yes_and_no_in_other_languages(desk: Desk, carry: Carry, words: str) -> None:
    """What is none of them costs its line."""
    desk.write(
        "user_name,first_name,last_name,Active Status",
        "user.0@example.com,Ada,Example,nein",
        "user.1@example.com,Ada,Example,OUI",
        "user.2@example.com,Ada,Example,perhaps",
    )
    assert carry(f"{words} --max-removals 1" if words == SYNC else words) == 1
    assert people(desk) == [(THREE[0][0], False), *THREE[1:]]
    assert desk.outcomes()[2][1:] == ["failed", f"Active Status: {YES_OR_NO}"]


# ------------------------------------------------ what cannot be seen, and what a spreadsheet rewrote

CERTAIN = ("\u200b", "\ufeff", "\u2060", "\u00ad", "\u200e", "\u202a", "\u2066", "\u200d")
DOUBTFUL = ("\u00a0", "\u3000", "\u2028", "\x07", "\x00", "\t", "\u3164", "\u034f")


@pytest.mark.parametrize("words", [IMPORT, SYNC, BAR])
def test_what_cannot_be_seen_makes_no_second_account(desk: Desk, carry: Carry, words: str) -> None:
    """It is dropped where that is certain, else the line fails and shows the code point; no one is barred."""
    tenant, lines, expected = desk.sandbox.tenant, list[str](), list[str]()
    for number, hidden in enumerate((*CERTAIN, *DOUBTFUL)):
        for place in (0, 3, 20):
            name = f"ann{number:02}.{place:02}@example.com"
            tenant.add_user(UserName=name, FirstName="Ada", LastName="Example")
            lines.append(f'"{name[:place]}{hidden}{name[place:]}",Ada,Example')
            certain = hidden in CERTAIN or (place != 3 and hidden not in "\u3164\u034f")
            expected.append("" if certain else f"U+{ord(hidden):04X}")
    desk.write("user_name,first_name,last_name", *lines, *(f"{who},Ada,Example" for who, _ in THREE))
    before = people(desk)
    assert carry(words) == (2 if words == BAR else 1)
    assert people(desk) == before
    for (_, status, reason), hidden in zip(desk.outcomes(), expected, strict=False):
        assert (status == "failed") == bool(hidden) or (status == "not done" and not hidden), reason
        assert hidden in reason


@pytest.mark.parametrize("hidden", CERTAIN, ids=ascii)
def test_who_is_named_with_what_cannot_be_seen_is_not_barred(desk: Desk, carry: Carry, hidden: str) -> None:
    """Where that is certain, the file is as good as without it."""
    desk.write("user_name", f"user.0@exam{hidden}ple.com", *(who for who, _ in THREE[1:]))
    assert carry(BAR) == 0
    assert people(desk) == THREE


@pytest.mark.parametrize("words", [IMPORT, SYNC])
def test_what_cannot_be_seen_in_an_address(desk: Desk, carry: Carry, words: str) -> None:
    """The line fails and shows its code point: it would be an address that no mail reaches."""
    desk.write("user_name,first_name,last_name,email", "new@example.com,Ada,Example,ada\u00a0b@example.com")
    before = people(desk)
    assert carry(words) == 1
    ((_, status, reason),) = desk.outcomes()
    assert (status, reason) == ("failed", "email: it holds U+00A0, which cannot be seen")
    assert people(desk) == before


@pytest.mark.parametrize("words", [IMPORT, SYNC])
def test_first_and_last_names_are_left_alone(desk: Desk, carry: Carry, words: str) -> None:
    """Joiners are right in some languages."""
    first = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"
    desk.write("user_name,first_name,last_name", f"user.0@example.com,{first},O\u00a0Neil")
    assert carry(words) == 0
    ada = person(desk, "user.0@example.com")
    assert (ada["FirstName"], ada["LastName"]) == (first, "O\u00a0Neil")


@pytest.mark.parametrize("words", [IMPORT, SYNC, BAR])
def test_numbers_that_a_spreadsheet_rewrote(desk: Desk, carry: Carry, words: str) -> None:
    """They are nobody's name and nobody's number: the line fails."""
    texts = (
        "1.23E+05",
        "1,23E+05",
        "12345.0",
        "#N/A",
        "7.77E2",
        "#N/D",
        "#¡VALOR!",
        "Loading...",
        "NULL",
        "\\N",
        "-",
    )
    lines = [f'"{text}",N,N,' for text in texts] + [
        f'new{n}@example.com,N,N,"{text}"' for n, text in enumerate(texts)
    ]
    desk.write("user_name,first_name,last_name,employee id", *lines)
    assert carry(words) == (2 if words == BAR else 1)
    assert [outcome[1] for outcome in desk.outcomes()] == ["failed"] * len(lines)
    assert people(desk) == THREE


@pytest.mark.parametrize("words", [IMPORT, SYNC, BAR])
@pytest.mark.parametrize("column", ["user_name", "email"])
@pytest.mark.parametrize(
    "form",
    [
        "mailto:{}",
        "Ada <{}>",
        "{};",
        "{0}; {0}",
        "\u201c{}\u201d",
        "j\u00c3\u00b6{}",
        "'{}",
        "{0}#mailto:{0}#",
        "o&#39;{}",
    ],
    ids=ascii,
)
def test_an_address_with_more_around_it(desk: Desk, carry: Carry, words: str, column: str, form: str) -> None:
    """It makes no second account, and bars no one."""
    text = form.format("user.0@example.com").replace('"', '""')
    cells = f'"{text}",A,B,' if column == "user_name" else f'new@example.com,A,B,"{text}"'
    desk.write("user_name,first_name,last_name,email", cells)
    assert carry(words) == (2 if words == BAR else 1)
    assert people(desk) == THREE
    [(_, status, reason)] = desk.outcomes()
    assert status == "failed"
    assert any(
        each in reason for each in ("'user.0@example.com'?", "'jöuser.0@example.com'?", "2 e-mail", "the web")
    )


def test_zeros_that_a_spreadsheet_took_away(desk: Desk, carry: Carry) -> None:
    """The person of that number is neither doubled nor barred."""
    person(desk, "user.0@example.com")["UserName"] = "00123"
    desk.write("user_name,first_name,last_name", "123,Ada,Example", *(f"{who},," for who, _ in THREE[1:]))
    assert carry(BAR) == 1
    assert people(desk) == [("00123", True), *THREE[1:]]
    assert "'00123', except for zeros that a spreadsheet removes" in desk.outcomes()[0][2]


@pytest.mark.parametrize("words", [IMPORT, SYNC, BAR])
@pytest.mark.parametrize("form", ['="{}"', '"=""{}"""', ' ="{}"'])
def test_numbers_that_are_kept_as_texts(desk: Desk, carry: Carry, words: str, form: str) -> None:
    """An HR system writes ="00123", so that no spreadsheet takes the zeros away: it is that number."""
    for number, user in enumerate(desk.sandbox.tenant.users.values()):
        user["ExternalEmployeeId"] = f"0020{number}"
    lines = [f"{form.format(who)},Ada,New,{form.format(f'0020{n}')}" for n, (who, _) in enumerate(THREE)]
    desk.write("user_name,first_name,last_name,employee_id", *lines)
    assert carry(words) == 0, desk.outcomes()
    assert people(desk) == THREE
    assert [person(desk, who)["ExternalEmployeeId"] for who, _ in THREE] == ["00200", "00201", "00202"]


@pytest.mark.parametrize("words", [IMPORT, SYNC, BAR])
@pytest.mark.parametrize("mark", [",", ".", "'", " "])
def test_marks_between_thousands(desk: Desk, carry: Carry, words: str, mark: str) -> None:
    """The person of that number is neither doubled nor barred, and keeps it."""
    for number, user in enumerate(desk.sandbox.tenant.users.values()):
        user["ExternalEmployeeId"] = f"1234{number}"
    lines = [f'{who},Ada,New,"12{mark}34{n}"' for n, (who, _) in enumerate(THREE)]
    desk.write("user_name,first_name,last_name,employee_id", f'new@example.com,A,B,"12{mark}340"', *lines[1:])
    assert carry(words) == 1
    assert "marks between thousands" in desk.outcomes()[0][2]
    assert people(desk) == THREE
    if words != IMPORT or mark != ".":
        assert person(desk, "user.1@example.com")["ExternalEmployeeId"] == "12341"


@pytest.mark.parametrize("words", [IMPORT, SYNC, "assign courses --send-message no"])
@pytest.mark.parametrize(
    ("column", "option"),
    [
        ("Password", ""),
        ("pass\u200bword", ""),
        ("Initial Password", "--ignore-columns"),
        ("Kennwort", "--ignore-columns"),
        ("PIN", "--map PIN=password"),
        ("Login Key", "--ignore-columns"),
    ],
)
def test_passwords_are_not_copied(
    desk: Desk, carry: Carry, words: str, *, column: str, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever their column is called, and as what it is read."""
    desk.write(f"user_name,first_name,last_name,course,{column}", "user.0@example.com,Ada,N,C-1,pssst-1")
    if words in {IMPORT, SYNC}:
        desk.write(f"user_name,first_name,last_name,{column}", "user.0@example.com,Ada,New,pssst-1")
    assert carry(f"{words} {option}") == 0, desk.outcomes()
    shown = capsys.readouterr()
    assert "pssst" not in desk.order.outcomes_file.read_text("utf-8") + shown.out + shown.err


@pytest.mark.parametrize(
    "column",
    [
        *(
            "Pwd",
            "Pass",
            "PIN",
            "Initial PW",
            "Temp_Pass",
            "Passphrase",
            "Passcode",
            "User password (initial)",
        ),
        *("Wachtwoord", "Parola", "Hasło", "HASŁO", "Has\u0142o startowe", "Пароль", "密码", "パスワード"),
        *("Parole", "Salasana", "Lo\u0308senord", "Contraseña", "Mot de passe", "Senha", "Heslo"),
        *("Token", "Access Token", "Secret", "ClientSecret", "API Key", "api-key"),
    ],
)
def test_columns_of_credentials_are_left_out(desk: Desk, carry: Carry, column: str) -> None:
    """In many languages."""
    desk.write(f"user,course,{column},Team", "user.0@example.com,C-1,pssst-1,North")
    assert carry("assign courses --send-message no") == 0
    written = desk.order.outcomes_file.read_text("utf-8")
    assert written == "line,user,course,status,reason,Team\n2,user.0@example.com,C-1,done,,North\n"


@pytest.mark.parametrize(
    "column",
    [
        *("Passport", "Passport No", "Pass/Fail", "Bus Pass", "Pinneberg", "Shipping", "PIN Code", "Opinion"),
        *("Compass", "Secretary", "Secretariat", "Spinach", "Passed", "Apikultur"),
    ],
)
def test_columns_that_only_look_like_credentials_are_kept(desk: Desk, carry: Carry, column: str) -> None:
    """An outcomes file has the columns of its input."""
    desk.write(f"user,course,{column}", "user.0@example.com,C-1,kept")
    assert carry("assign courses --send-message no") == 0
    written = desk.order.outcomes_file.read_text("utf-8")
    assert written == f"line,user,course,status,reason,{column}\n2,user.0@example.com,C-1,done,,kept\n"


# ------------------------------------------------ a new user name


def test_a_renamed_person_is_found_by_employee_id(
    desk: Desk, carry: Carry, capsys: pytest.CaptureFixture[str]
) -> None:
    """The plan says so, and the outcome of the line; nobody is created or barred."""
    desk.write(
        "user_name,first_name,last_name,Employee ID", *_everybody("new.name@example.com,Ada,Example,E-0")
    )
    assert carry(f"{BAR} --dry-run") == 0
    assert "renamed: 'user.0@example.com' to 'new.name@example.com'" in capsys.readouterr().out
    assert people(desk) == THREE
    assert carry(BAR) == 0
    assert people(desk) == [("new.name@example.com", True), *THREE[1:]]
    assert desk.outcomes()[0][1:] == ["done", "update: user_name (was user.0@example.com)"]


def test_an_import_of_a_renamed_person(desk: Desk, carry: Carry, capsys: pytest.CaptureFixture[str]) -> None:
    """It would make a second account: the line fails and names both user names, in a dry run, too."""
    desk.write(
        "user_name,first_name,last_name,Employee ID",
        "new.name@example.com,Ada,Example,E-0",
        "user.1@example.com,Ada,Example,E-1",
    )
    for words, status in ((f"{IMPORT} --dry-run", "planned"), (IMPORT, "done")):
        assert carry(words) == 1
        first, second = desk.outcomes()
        assert first[1] == "failed"
        assert first[2] == (
            "the employee id 'E-0' is that of the account 'user.0@example.com': an import cannot rename it to "
            "'new.name@example.com', and would make a second one"
        )
        assert second[1] == status
        assert people(desk) == THREE
    assert "so the list of all people was read" in capsys.readouterr().out


def test_a_user_name_and_an_employee_id_of_two_people(desk: Desk, carry: Carry) -> None:
    """The line fails and names both; both stay as they are."""
    desk.write("user_name,first_name,last_name,Employee ID", *_everybody("user.0@example.com,Ada,Other,E-1"))
    assert carry(BAR) == 1
    assert people(desk) == THREE
    failed = desk.outcomes()[0][2]
    assert "'user.0@example.com'" in failed
    assert "'user.1@example.com'" in failed


def _everybody(first: str) -> list[str]:
    return [first, *(f"{who},Ada,Example," for who, _ in THREE[1:])]


# ------------------------------------------------ what the lines name beside the people


def test_a_dry_run_of_an_import_looks_up_what_the_lines_name(desk: Desk, carry: Carry) -> None:
    """Teams and courses by the codes that an import takes, managers by user name or id; nothing is changed."""
    tenant = desk.sandbox.tenant
    team = next(iter(tenant.teams.values()))["TeamCodeForBulkImport"]
    course = next(iter(tenant.courses.values()))["CourseCodeForBulkImport"]
    desk.write(
        "user_name,first_name,last_name,Team1,Course2,Manager",
        f"a@example.com,A,A,{team},{course},user.0@example.com",
        "b@example.com,B,B,North,,",
        f"c@example.com,C,C,,{course}x,",
        "d@example.com,D,D,,,nobody@example.com",
        "e@example.com,E,E,,,a@example.com",
    )
    assert carry(f"{IMPORT} --dry-run") == 1
    assert [outcome[1] for outcome in desk.outcomes()] == ["planned", "failed", "failed", "failed", "planned"]
    reasons = [outcome[2] for outcome in desk.outcomes()]
    assert reasons[1].startswith("Team1: no team has the code for bulk imports 'North'; it goes by that name")
    assert reasons[1].endswith(repr(team))
    assert "Course2: no course has the code for bulk imports" in reasons[2]
    assert "Manager: no user goes by 'nobody@example.com'" in reasons[3]
    assert people(desk) == THREE
    assert {request.method for request in desk.sandbox.requests} == {"GET"}


@pytest.mark.parametrize("words", [IMPORT, SYNC])
@pytest.mark.parametrize("nothing", ["", " ", "\u200b", "\ufeff\u2060", "\u00a0"])
def test_a_dry_run_takes_for_empty_what_the_real_run_does(
    desk: Desk, carry: Carry, words: str, nothing: str
) -> None:
    """What cannot be seen names no team, no course and no manager."""
    column = "Manager" if words == SYNC else "Team1,Course1,Manager"
    cells = ",".join([nothing] * len(column.split(",")))
    desk.write(f"user_name,first_name,last_name,{column}", f"user.0@example.com,Ada,New,{cells}")
    assert carry(f"{words} --dry-run") == 0, desk.outcomes()
    assert [outcome[1] for outcome in desk.outcomes()] == ["planned"]
    assert carry(words) == 0, desk.outcomes()
    assert [outcome[1] for outcome in desk.outcomes()] == ["done"]


def test_no_manager_is_a_zero(desk: Desk, carry: Carry) -> None:
    """As the server writes it, also with what cannot be seen."""
    desk.write("user_name,manager,city", "user.0@example.com,0\u200b,Graz")
    assert carry(SYNC) == 0, desk.outcomes()


def test_an_import_that_names_nothing_else_reads_no_list(desk: Desk, carry: Carry) -> None:
    """Look-ups are for what is named."""
    desk.write("user_name,first_name,last_name,Team1", "a@example.com,A,A,")
    assert carry(f"{IMPORT} --dry-run") == 0
    assert len(desk.sandbox.requests) == 0


def test_managers_are_named_as_in_an_import(desk: Desk, carry: Carry) -> None:
    """By user name, address or id; 0 is none, and one who is not there fails the line."""
    first, second, third = desk.sandbox.tenant.users
    desk.write(
        "user_name,manager",
        "user.0@example.com,USER.1@example.com",
        f"user.1@example.com,{third}",
        "user.2@example.com,nobody@example.com",
    )
    assert carry(SYNC) == 1
    users = desk.sandbox.tenant.users
    assert (users[first]["ManagerId"], users[second]["ManagerId"]) == (second, third)
    assert desk.outcomes()[2][1:] == ["failed", "manager: no user goes by 'nobody@example.com'"]
    desk.write("user_name,manager", "user.0@example.com,0")
    assert carry(SYNC) == 0
    assert PEOPLE.attribute("Manager") == "manager_id"
