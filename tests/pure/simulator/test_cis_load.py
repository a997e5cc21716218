"""Many tills at once."""

from concurrent.futures import ThreadPoolExecutor

from cis_kit import Till

COUNT = 24


def tills(cis_till):
    return [Till(cis_till.url, cis_till.seal, cis_till.offset) for _ in range(COUNT)]


def test_every_receipt_gets_a_jir_of_its_own(cis, cis_till):
    with ThreadPoolExecutor(8) as pool:
        jobs = [
            pool.submit(till.send, till.receipt(f"{number}/POSL1/12"))
            for number, till in enumerate(tills(cis_till), 1)
        ]
        jirs = {job.result().jir for job in jobs}
    assert len(jirs) == COUNT
    rows = cis.registered()
    assert {row["jir"] for row in rows} == jirs
    assert {row["number"] for row in rows} == {
        f"{number}/POSL1/12" for number in range(1, COUNT + 1)
    }


def test_one_receipt_from_many_hands_is_registered_once(cis, cis_till):
    values = cis_till.receipt()
    with ThreadPoolExecutor(8) as pool:
        jobs = [pool.submit(till.send, values) for till in tills(cis_till)]
        jirs = {job.result().jir for job in jobs}
    (row,) = cis.registered()
    assert jirs == {row["jir"]}
    assert row["handed_over"] == COUNT
    assert not row["conflict"]
