import base64
import json

import pytest
from simulator_kit import FORM, HEADERS, RIN, SERIAL, body_of, receipt, sealed

PROGRAM = {"client_id": "sim-erp", "client_secret": "sim-erp-secret"}


def claims_of(answer) -> dict:
    part = answer.json()["access_token"].split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def test_a_device_gets_a_token(till):
    answer = till.login()
    assert answer.status_code == 200
    body = answer.json()
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 3600)
    claims = claims_of(answer)
    assert claims["RIN"] == RIN
    assert claims["PosSerial"] == SERIAL
    assert "B2C" in claims["TaxProfTags"]
    assert claims["exp"] - claims["iat"] == 3600


def test_both_secrets_are_good(till):
    assert till.login(client_secret="sim-secret-0001-b").status_code == 200


def without(headers: dict, name: str) -> dict:
    return {key: value for key, value in headers.items() if key != name}


@pytest.mark.parametrize(
    ("form", "headers", "code"),
    [
        ({"grant_type": ""}, HEADERS, "invalid_request"),
        ({"grant_type": "password"}, HEADERS, "unsupported_grant_type"),
        ({"scope": "other"}, HEADERS, "invalid_scope"),
        ({"client_id": ""}, HEADERS, "invalid_request"),
        ({"client_id": "nobody"}, HEADERS, "invalid_client"),
        ({"client_secret": "wrong"}, HEADERS, "invalid_clientsecret"),
        ({}, without(HEADERS, "posserial"), "invalid_posserial"),
        ({}, {**HEADERS, "posserial": "SIM-POS-0002"}, "invalid_posserial"),
        ({}, without(HEADERS, "pososversion"), "invalid_pososversion"),
        ({}, {**HEADERS, "pososversion": "x" * 51}, "invalid_pososversion"),
        ({}, {**HEADERS, "posmodelframework": "x" * 11}, "invalid_posmodelframework"),
        ({}, {**HEADERS, "presharedkey": "x" * 201}, "invalid_presharedkey"),
    ],
)
def test_refusals(till, form, headers, code):
    answer = till.login(headers, **form)
    assert answer.status_code == 400
    body = answer.json()
    assert body["error"] == code
    assert body["error_description"]


def test_optional_headers_may_be_sent(till):
    more = {"posmodelframework": "1", "presharedkey": "03ac674216f3e15c"}
    assert till.login({**HEADERS, **more}).status_code == 200


def test_a_device_with_a_preshared_key_must_send_it(till, control):
    control.device(SERIAL, presharedkey="the key")
    assert till.login().json()["error"] == "invalid_presharedkey"
    assert till.login({**HEADERS, "presharedkey": "the key"}).status_code == 200


def test_retired_and_expired_devices_get_none(till, control):
    control.device(SERIAL, status="retired")
    assert till.login().json()["error"] == "unauthorized_client"
    control.device(SERIAL, status="active", expires_at=1.0)
    assert till.login().json()["error"] == "unauthorized_client"


def test_an_inactive_device_becomes_active_at_first_use(till, control):
    control.device(SERIAL, status="inactive")
    till.login()
    states = {
        row["serial"]: row["status"]
        for row in control.overview()["registry"]["devices"]
    }
    assert states[SERIAL] == "active"


def test_json_instead_of_a_form(till):
    url = f"{till.url}/connect/token"
    answer = till.session.post(url, json=FORM, headers=HEADERS, timeout=10)
    assert answer.json()["error"] == "invalid_request"


def test_a_program_by_form_and_by_basic(till):
    by_form = till.login({}, **PROGRAM)
    assert by_form.status_code == 200
    assert "PosSerial" not in claims_of(by_form)
    by_basic = till.session.post(
        f"{till.url}/connect/token",
        data={"grant_type": "client_credentials", "scope": "InvoicingAPI"},
        auth=("sim-erp", "sim-erp-secret"),
        timeout=10,
    )
    assert by_basic.status_code == 200
    assert till.login({}, client_id="sim-erp").json()["error"] == "invalid_client"


def test_only_post_gives_tokens(till):
    assert till.session.get(f"{till.url}/connect/token", timeout=10).status_code == 405


def test_a_token_ends_with_its_lifetime(till, control):
    control.settings(token_lifetime=60)
    assert till.get("receipts/recent").status_code == 200
    control.settings(clock_offset=61)
    answer = till.get("receipts/recent")
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "Unauthorized"


def test_revoked_forged_and_missing_tokens(till, control):
    url = f"{till.url}/api/v1/receipts/recent"
    assert till.session.get(url, timeout=10).status_code == 401
    header, payload, signature = till.bearer["Authorization"].split(".")
    forged = {"Authorization": f"{header}.{payload}x.{signature}"}
    assert till.session.get(url, headers=forged, timeout=10).status_code == 401
    nonsense = {"Authorization": "Bearer nonsense"}
    assert till.session.get(url, headers=nonsense, timeout=10).status_code == 401
    assert till.get("receipts/recent").status_code == 200
    control.revoke_tokens()
    assert till.get("receipts/recent").status_code == 401


def test_a_taxpayer_without_b2c_cannot_submit(till, control):
    control.register(
        taxpayers=[{"rin": RIN, "name": "x", "tags": ["B2B"]}],
    )
    assert claims_of(till.login())["TaxProfTags"] == ["B2B"]
    answer = till.post(body_of([sealed(receipt())]))
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "Forbidden"


def test_no_secret_comes_out_of_the_control_api(till, control):
    till.login()
    shown = json.dumps([control.overview(), control.tokens(), control.requests()])
    assert "sim-secret" not in shown
    assert "sim-erp-secret" not in shown
    assert till.login().json()["access_token"] not in shown
