"""A command says which files it wrote, in few lines, and what became of those that were there."""

from ipose.cli.printing import SHOWN, beside_older, print_files


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


class TestBesideOlder:
    """beside_older(out, files): whoever writes into a folder with results is told what became of them."""

    def written(self, out, *names):
        out.mkdir(exist_ok=True)
        for name in names:
            (out / name).touch()
            yield out / name

    def test_counts_what_was_replaced_and_what_stays(self, tmp_path, capsys):
        out = tmp_path / "images"
        (out / "cards").mkdir(parents=True)
        for name in ("a.png", "b.png", "cards/c.json"):
            (out / name).touch()
        files = list(beside_older(out, self.written(out, "b.png", "cards/c.json", "new.png")))
        assert [path.name for path in files] == ["b.png", "c.json", "new.png"]
        assert capsys.readouterr().err == f"{out} held files before: 2 of them were replaced, 1 stay.\n"

    def test_says_nothing_of_a_new_folder(self, tmp_path, capsys):
        assert len(list(beside_older(tmp_path / "images", self.written(tmp_path / "images", "a.png")))) == 1
        assert capsys.readouterr().err == ""
