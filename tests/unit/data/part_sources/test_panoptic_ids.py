"""uids are taken apart by their digits; the public package, where it is installed, says the same."""

import numpy as np
import pytest
from hypothesis import strategies as st

from ipose.data.part_sources.panoptic_ids import NO_INSTANCE, PanopticParts, decode_uids
from ipose.errors import DataError
from ipose.testing import law

sids, iids, pids = st.integers(1, 99), st.integers(0, 999), st.integers(1, 99)


def decoded(uid: int) -> tuple[int, int, int]:
    sid, iid, pid = decode_uids(np.array([[uid]], dtype=np.int32))
    return int(sid[0, 0]), int(iid[0, 0]), int(pid[0, 0])


def encode_uids(parts: PanopticParts) -> np.ndarray:
    """The shortest uids that say the same; the inverse of `decode_uids` wherever no pid 0 is written out."""
    instance = parts.sid * 1000 + parts.iid
    whole = instance * 100 + parts.pid
    uids = np.where(parts.iid == NO_INSTANCE, parts.sid, np.where(parts.pid == 0, instance, whole))
    return uids.astype(np.int32)


class TestDecodeUids:
    """Class; class and instance; class, instance and part: by the number of digits."""

    @pytest.mark.parametrize(
        ("uid", "expected"),
        [
            (0, (0, NO_INSTANCE, 0)),
            (7, (7, NO_INSTANCE, 0)),
            (99, (99, NO_INSTANCE, 0)),
            (1000, (1, 0, 0)),
            (24013, (24, 13, 0)),
            (99999, (99, 999, 0)),
            (100000, (1, 0, 0)),
            (2600103, (26, 1, 3)),
            (1512304, (15, 123, 4)),
            (100105, (1, 1, 5)),
            (9999999, (99, 999, 99)),
        ],
    )
    def test_matches_a_hand_count(self, uid, expected):
        assert decoded(uid) == expected

    @law(sid=sids, iid=iids, pid=pids)
    def test_reads_what_the_three_forms_write(self, sid, iid, pid):
        assert decoded(sid) == (sid, NO_INSTANCE, 0)
        assert decoded(sid * 1000 + iid) == (sid, iid, 0)
        assert decoded(sid * 100_000 + iid * 100 + pid) == (sid, iid, pid)

    @law(uids=st.lists(st.one_of(st.integers(0, 99), st.integers(1000, 99_999)), min_size=1, max_size=9))
    def test_encoding_is_the_way_back(self, uids):
        uids = np.array([uids], dtype=np.int32)
        assert (encode_uids(decode_uids(uids)) == uids).all()

    @law(sid=sids, iid=iids, pid=pids)
    def test_encoding_parts_is_the_way_back_too(self, sid, iid, pid):
        parts = PanopticParts(*(np.array([[value]], dtype=np.int32) for value in (sid, iid, pid)))
        assert decoded(int(encode_uids(parts)[0, 0])) == (sid, iid, pid)

    @pytest.mark.parametrize("uid", [-1, 100, 999, 10_000_000])
    def test_values_of_no_form_are_refused_with_their_place(self, uid):
        uids = np.zeros((3, 4), dtype=np.int32)
        uids[1, 2] = uid
        with pytest.raises(DataError, match=f"not a panoptic part id: found {uid} at row 1, column 2"):
            decode_uids(uids)

    def test_the_public_package_says_the_same(self, public_package):
        rng = np.random.default_rng(0)
        sid, iid, pid = rng.integers(1, 100, 90), rng.integers(0, 1000, 90), rng.integers(1, 100, 90)
        uids = np.concatenate([sid, sid * 1000 + iid, sid * 100_000 + iid * 100 + pid]).astype(np.int32)[None]
        for ours, theirs in zip(decode_uids(uids), public_package.decode_uids(uids), strict=True):
            assert (ours == np.where((theirs == -1) & (ours == 0), 0, theirs)).all()
