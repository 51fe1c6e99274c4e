"""What of a frame is shown to those who may not see secrets."""

import json

import pytest

from messaging.masking import HIDDEN, MASK, masked, masked_error, masked_item, may_hold

SECRET = "c0ffee-hunter2"


def call(action, payload):
    return json.dumps([2, "1", action, payload])


def variable(**more):
    return {
        "component": {"name": "SecurityCtrlr"},
        "variable": {"name": "BasicAuthPassword"},
        **more,
    }


def nested(value, deep):
    for _ in range(deep):
        value = [value]
    return value


CARRIERS = {
    # 1.6, 5.3 ChangeConfiguration with the whitepaper's AuthorizationKey (A01.FR.02)
    "1.6 key": call("ChangeConfiguration", {"key": "AuthorizationKey", "value": SECRET}),
    "1.6 key, any case": call("ChangeConfiguration", {"key": "authorizationkey", "value": SECRET}),
    "1.6 told": json.dumps([3, "1", {"configurationKey": [
        {"key": "AuthorizationKey", "readonly": False, "value": SECRET}]}]),
    # 2.0.1 A01: SetVariables
    "2.x set": call("SetVariables", {"setVariableData": [variable(attributeValue=SECRET)]}),
    "2.x got": json.dumps([3, "1", {"getVariableResult": [variable(attributeValue=SECRET)]}]),
    "2.x report": call("NotifyReport", {"reportData": [
        variable(variableAttribute=[{"type": "Actual", "value": SECRET}])]}),
    "2.x event": call("NotifyEvent", {"eventData": [variable(actualValue=SECRET)]}),
    # 2.0.1 part 2, 2.x NetworkConnectionProfileType, APNType, VPNType
    "profile": call("SetNetworkProfile", {"configurationSlot": 1, "connectionData": {
        "basicAuthPassword": SECRET, "ocppCsmsUrl": "ws://127.0.0.1"}}),
    "apn": call("SetNetworkProfile", {"connectionData": {"apn": {"apnPassword": SECRET}}}),
    "pin": call("SetNetworkProfile", {"connectionData": {"apn": {"simPin": 123456789}}}),
    "vpn": call("SetNetworkProfile", {"connectionData": {"vpn": {"key": SECRET, "user": "u"}}}),
    "vpn password": call("SetNetworkProfile", {"connectionData": {"vpn": {"password": SECRET}}}),
    # 2.1 appendix: WebPaymentsCtrlr.SharedSecret
    "shared": call("SetVariables", {"setVariableData": [
        {"component": {"name": "WebPaymentsCtrlr"}, "variable": {"name": "SharedSecret"},
         "attributeValue": SECRET}]}),
    "data object": call("DataTransfer", {"vendorId": "x", "data": {"wifi_password": SECRET}}),
    "data pair": call("DataTransfer", {"data": {"name": "apiKey", "value": SECRET}}),
    "data json": call("DataTransfer", {"data": json.dumps({"a": [{"Password": SECRET}]})}),
    "data text": call("DataTransfer", {"data": f"AuthorizationKey={SECRET};x=1"}),
    "data named": call("DataTransfer", {"messageId": "SetPassword", "data": SECRET}),
    "data torn": call("DataTransfer", {"data": '{"password": "' + SECRET}),
    "address": call("GetDiagnostics", {"location": f"ftp://box:{SECRET}@127.0.0.1/logs"}),
    "address 2.x": call("GetLog", {"log": {"remoteLocation": f"https://box:{SECRET}@h/l"}}),
    "spelled": '[2,"1","ChangeConfiguration",{"key":"\\u0041uthorizationKe\\u0079","value":"%s"}]'
    % SECRET,
    "spaced": call("DataTransfer", {"data": {"pass word": SECRET, "PASS-PHRASE": SECRET}}),
    "no json": '[2,"1","ChangeConfiguration",{"key":"AuthorizationKey","value":"%s"' % SECRET,
    "too deep": "[" * 100_000 + f'"password {SECRET}"',
    "deep": call("DataTransfer", {"data": nested({"password": SECRET}, 100)}),
    "twice": '[2,"1","X",{"password":"a","password":"%s"}]' % SECRET,
}  # fmt: skip


@pytest.mark.parametrize("name", CARRIERS)
def test_a_secret_is_masked(name):
    text = CARRIERS[name]
    shown = masked(text)
    assert SECRET not in shown and "123456789" not in shown and may_hold(text)
    assert MASK in shown or shown == HIDDEN


def test_the_rest_of_the_frame_is_as_it_was():
    text = call("SetVariables", {"setVariableData": [
        {"component": {"name": "A"}, "variable": {"name": "B"}, "attributeValue": "1"},
        variable(attributeValue=SECRET)]})  # fmt: skip
    expected = json.loads(text)
    expected[3]["setVariableData"][1]["attributeValue"] = MASK
    assert json.loads(masked(text)) == expected
    address = json.loads(masked(CARRIERS["address"]))
    assert address[3]["location"] == f"ftp://box:{MASK}@127.0.0.1/logs"


@pytest.mark.parametrize(
    "text",
    [
        '[2, "1", "GetConfiguration", {"key": ["AuthorizationKey"]}]',
        call("GetVariables", {"getVariableData": [variable()]}),
        '[3,"1",{"setVariableResult":[{"attributeStatus":"Accepted","component":{"name":'
        '"SecurityCtrlr"},"variable":{"name":"BasicAuthPassword"}}]}]',
        '[2, "1",  "Authorize", {"idTag": "\\u0041BC"}]',
        '[2,"1","DataTransfer",{"vendorId":"x","data":"{not json"}]',
        "hello",
        "",
    ],
)
def test_what_has_no_secret_is_verbatim(text):
    assert masked(text) == text


def test_sentences_of_our_own_are_shown():
    assert masked("the password was changed", "Note") == "the password was changed"


def test_a_refusal_does_not_quote_the_secret():
    text = json.dumps([4, "1", "PropertyConstraintViolation", f'value: "{SECRET}" is too long', {}])
    assert SECRET not in masked(text, "CallError", "ChangeConfiguration")
    assert masked(text, "CallError", "Reset") == text
    assert masked_error(f'value: "{SECRET}" is too long', "ChangeConfiguration") == MASK
    assert masked_error("timeout", "ChangeConfiguration") == "timeout"


def test_an_item_is_masked_as_a_whole():
    item = {"text": CARRIERS["profile"], "kind": "Call", "action": "SetNetworkProfile"}
    item["error"] = f"'{SECRET}'"
    assert SECRET not in json.dumps(masked_item(item))
    assert SECRET in item["text"]
