"""A command that writes thousands of files does not print thousands of lines."""

from ipose.cli.printing import SHOWN, print_files


def test_a_few_files_are_all_printed(capsys):
    print_files(range(SHOWN))
    assert capsys.readouterr().out.split() == [str(i) for i in range(SHOWN)]


def test_of_many_files_the_first_and_the_last_are_printed_and_the_rest_is_counted(capsys):
    print_files(f"{i}.png" for i in range(SHOWN + 500))
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["0.png", "1.png"]
    assert lines[SHOWN:] == [f"... and 500 more, the last one: {SHOWN + 499}.png"]


def test_no_file_prints_nothing(capsys):
    print_files([])
    assert capsys.readouterr().out == ""
