"""Tables nobody here has seen: every row is read once, and what cannot be read is named."""

import gzip
from pathlib import Path

import pytest

from moderation.classifiers.labels import Label
from moderation.training.refusal import Refused
from moderation.training.rows import read_records
from moderation.training.table import Oddities


def written(tmp_path: Path, content: bytes, name: str = "unseen.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfid,text,toxic\r\n7,a line,1\r\n",
        b" ID , Text ,TOXIC\n7,a line,yes\n",
        gzip.compress(b"id,text,toxic\n7,a line,1.0\n"),
        b"\n\nid,text,toxic\n\n7,a line,True,left over\n\n",
    ],
)
def test_a_table_is_read_however_it_was_saved(tmp_path: Path, content: bytes):
    (record,) = read_records(written(tmp_path, content))

    assert (record.id, record.text, record.values) == ("7", "a line", {Label.TOXICITY: 1.0})


def test_a_plain_table_with_a_gzip_name_is_read(tmp_path: Path):
    (record,) = read_records(written(tmp_path, b"text\na line\n", "rows.csv.gz"))

    assert (record.id, record.text) == ("0", "a line")


def test_broken_bytes_and_nul_stay_one_row_each(tmp_path: Path):
    path = written(tmp_path, b"text,toxic\nab\xffcd,1\nx\x00y,0\n\xed\xa0\x80,0\n,1\n")
    records = list(read_records(path))

    assert records[0].text == "ab\ufffdcd"
    assert [r.id for r in records] == ["0", "1", "2", "3"]
    assert records[3].text == ""


def test_a_huge_cell_is_one_row(tmp_path: Path):
    (record,) = read_records(written(tmp_path, b"text\n" + b"word " * 250_000 + b"\n"))

    assert len(record.text) == 1_250_000


def test_what_is_not_a_yes_or_no_is_not_annotated_and_counted(tmp_path: Path):
    cells = ["", "NA", "-1", "nan", "yes", "True", "0.0", "no", "perhaps", "3", "inf"]
    lines = "".join(f"a line,{cell}\n" for cell in cells)
    odd = Oddities()
    path = written(tmp_path, f"text,insult\n{lines}".encode())
    found = [r.values.get(Label.INSULT) for r in read_records(path, odd)]

    assert found == [None, None, None, None, 1.0, 1.0, 0.0, 0.0, None, None, None]
    assert odd.cells == {"insult": 3}


def test_a_label_nobody_knows_is_not_a_no(tmp_path: Path):
    path = written(
        tmp_path,
        b"text,label,sh\na,Self_harm_or_suicide,\nb,none,\nc,severe,\nd,NA,\ne,severe,1\nf,,NA\n",
    )
    odd = Oddities()

    assert [r.crisis for r in read_records(path, odd)] == [1.0, 0.0, None, None, 1.0, None]
    assert odd.cells == {"label": 1}


def test_distress_of_which_nobody_said_more_is_not_a_no(tmp_path: Path):
    rows = b"text,label,sh\na,distress,\nb,distress,0.0\nc,distress,1\nd,none,\n"
    undecided = read_records(written(tmp_path, rows))
    alone = read_records(written(tmp_path, b"text,label\na,distress\n", "without.csv"))

    assert [r.crisis for r in undecided] == [None, 0.0, 1.0, 0.0]
    assert [r.crisis for r in alone] == [0.0]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"toxic,text\n1,well, you fool\n0,hello\n1,a,b\n", "more cells than there are columns: 2"),
        (b"toxic,text\n1,you fool\n0\n", "fewer cells than there are columns: 1"),
        ("text\nI don\u2019t\nhello\n".encode("cp1252"), "lost sign (\ufffd): 1. Was"),
        (b"text,toxic,\na line,1,\n", ""),
    ],
)
def test_what_cannot_be_meant_is_counted_and_said(tmp_path: Path, content: bytes, said: str):
    odd = Oddities()
    records = list(read_records(written(tmp_path, content), odd))

    assert len(records) == content.count(b"\n") - 1
    assert said in " ".join(odd.sentences())
    assert bool(said) == bool(list(odd.sentences()))


def test_a_table_saved_as_unicode_text_is_read(tmp_path: Path):
    (record,) = read_records(written(tmp_path, "text\nI don\u2019t\n".encode("utf-16")))

    assert record.text == "I don\u2019t"


def test_quotation_marks_that_never_end_do_not_swallow_rows(tmp_path: Path):
    closed = b'text,toxic\n"two\nlines",1\n"a"b,0\n'
    with pytest.raises(Refused, match="open in line 3"):
        list(read_records(written(tmp_path, b'text,toxic\na,1\n"so he said,0\nb,1\nc,0\n')))

    assert [r.text for r in read_records(written(tmp_path, closed))] == ["two\nlines", "ab"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "unseen.csv is empty"),
        (b"\n\n", "unseen.csv is empty"),
        (b"id,body\n1,a line\n", "no column text; its columns: id, body"),
        (gzip.compress(b"text\n" + bytes(range(256)) * 90)[:-40], "cannot be read to its end"),
        (b"\x1f\x8bnot gzip at all", "cannot be read to its end"),
    ],
)
def test_a_table_that_cannot_be_read_is_refused_by_name(tmp_path: Path, content: bytes, why: str):
    with pytest.raises(Refused, match=why) as refused:
        list(read_records(written(tmp_path, content)))

    assert str(refused.value).startswith("unseen.csv")
    assert "\n" not in str(refused.value)


def test_a_missing_table_is_refused_and_no_message_is_repeated(tmp_path: Path):
    with pytest.raises(Refused, match="cannot be read"):
        list(read_records(tmp_path / "missing.csv"))
    told = "a long message of somebody that stands where the names of columns should be"
    with pytest.raises(Refused) as refused:
        list(read_records(written(tmp_path, told.encode())))
    assert told not in str(refused.value)
