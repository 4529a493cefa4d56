"""A secured frame is accepted once, unchanged, and from a holder of the key."""

import pytest
from cryptography.hazmat.primitives.ciphers.algorithms import AES128
from cryptography.hazmat.primitives.cmac import CMAC
from hypothesis import given
from hypothesis import strategies as st

from voltward.core.errors import ConfigurationError
from voltward.physical.can.frame import FD_LENGTHS, Frame
from voltward.physical.can.secured_frame import (
    Reason,
    authenticate,
    key_from_hexadecimal,
    verify,
    without_trailer,
)
from voltward.physical.can.secured_profile import PROFILES, SecuredProfile, profile_named

KEY = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")
OTHER_KEY = bytes(16)
keys = st.binary(min_size=16, max_size=16)
counters = st.integers(0, 2**64 - 2)
profiles = st.sampled_from(list(PROFILES.values()))
fresh_profiles = st.sampled_from([PROFILES["1"], PROFILES["3"], PROFILES["wide"]])


@st.composite
def frames(draw):
    extended = draw(st.booleans())
    fd = draw(st.booleans())
    length = draw(st.sampled_from([n for n in FD_LENGTHS if n <= (48 if fd else 8)]))
    return Frame(
        draw(st.integers(0, 0x1FFF_FFFF if extended else 0x7FF)),
        draw(st.binary(min_size=length, max_size=length)),
        extended,
        fd,
    )


def flipped(frame, bit):
    data = bytearray(frame.data)
    data[bit // 8] ^= 1 << (bit % 8)
    return Frame(frame.identifier, bytes(data), frame.extended, frame.fd)


@given(frame=frames(), key=keys, last=counters, profile=profiles)
def test_round_trip(frame, key, last, profile):
    freshness = last + 1 if profile.freshness_bits else 0
    secured = authenticate(frame, key, freshness, profile)
    verdict = verify(secured, key, last, profile)
    assert verdict.accepted
    assert verdict.reason is Reason.ACCEPTED
    assert verdict.freshness == freshness
    plain = without_trailer(secured, profile)
    assert plain.data[: len(frame.data)] == frame.data
    assert not any(plain.data[len(frame.data) :])
    assert (plain.identifier, plain.extended) == (frame.identifier, frame.extended)


@given(frame=frames(), key=keys, last=counters, bit=st.integers(0, 64 * 8 - 1))
def test_any_flipped_bit_is_rejected(frame, key, last, bit):
    secured = authenticate(frame, key, last + 1, PROFILES["wide"])
    changed = flipped(secured, bit % (8 * len(secured.data)))
    verdict = verify(changed, key, last, PROFILES["wide"])
    assert not verdict.accepted
    assert verdict.freshness == last


@given(frame=frames(), key=keys, last=counters, bit=st.integers(0, 10))
def test_another_identifier_is_rejected(frame, key, last, bit):
    secured = authenticate(frame, key, last + 1, PROFILES["wide"])
    renamed = Frame(secured.identifier ^ (1 << bit), secured.data, secured.extended, secured.fd)
    assert not verify(renamed, key, last, PROFILES["wide"]).accepted


@given(frame=frames(), last=counters)
def test_another_key_is_rejected(frame, last):
    secured = authenticate(frame, KEY, last + 1, PROFILES["wide"])
    assert verify(secured, OTHER_KEY, last, PROFILES["wide"]).reason is Reason.MAC_MISMATCH


@given(
    frame=frames(), last=st.integers(0, 2**40), step=st.integers(1, 2000), profile=fresh_profiles
)
def test_steps_are_accepted_within_the_window_only(frame, last, step, profile):
    secured = authenticate(frame, KEY, last + step, profile)
    assert verify(secured, KEY, last, profile, window=2000).freshness == last + step
    narrow = verify(secured, KEY, last, profile, window=step - 1)
    if profile.mac_bits == 64:  # a short MAC may be met by chance
        assert not narrow.accepted
    default = verify(secured, KEY, last, profile)
    assert default.accepted == (step <= 1 << profile.freshness_sent_bits)


@given(frame=frames(), last=st.integers(0, 2**40), age=st.integers(0, 300))
def test_replay_is_rejected(frame, last, age):
    profile = PROFILES["wide"]
    old = authenticate(frame, KEY, max(1, last + 1 - age), profile)
    verdict = verify(old, KEY, last + 1, profile)
    assert not verdict.accepted
    assert verdict.freshness == last + 1


@pytest.mark.parametrize("name", ["1", "3", "wide"])
def test_sent_bits_roll_over(name):
    profile = PROFILES[name]
    last, frame = 0, Frame(0x110, b"abc")
    for freshness in range(1, 3 * (1 << profile.freshness_sent_bits)):
        verdict = verify(authenticate(frame, KEY, freshness, profile), KEY, last, profile)
        assert (verdict.accepted, verdict.freshness) == (True, freshness)
        last = verdict.freshness


def test_spent_counter_is_refused_on_both_sides():
    small = SecuredProfile("small", 64, 8, 8, "test")
    frame = Frame(0x110, b"abc")
    assert verify(authenticate(frame, KEY, 255, small), KEY, 254, small).accepted
    with pytest.raises(ConfigurationError, match="does not fit 8 bits"):
        authenticate(frame, KEY, 256, small)
    again = verify(authenticate(frame, KEY, 0, small), KEY, 255, small)
    assert again.reason is Reason.FRESHNESS_EXHAUSTED


def test_reasons():
    profile = PROFILES["3"]
    secured = authenticate(Frame(0x110, b"abc"), KEY, 9, profile)
    assert verify(secured, KEY, 5, profile, window=3).reason is Reason.FRESHNESS_OUTSIDE_WINDOW
    assert verify(Frame(0x110, b"abc"), KEY, 5, profile).reason is Reason.TOO_SHORT
    assert verify(flipped(secured, 0), KEY, 5, profile).reason is Reason.MAC_MISMATCH


def test_profile_without_freshness_accepts_replays():
    profile = PROFILES["2"]
    secured = authenticate(Frame(0x110, b"abc"), KEY, 0, profile)
    assert verify(secured, KEY, 0, profile).accepted
    assert verify(secured, KEY, 0, profile).accepted


def test_layout_is_payload_freshness_authenticator():
    # 28-bit MAC and 4-bit freshness share the first trailer byte.
    secured = authenticate(Frame(0x123, b"\xde\xad\xbe\xef"), KEY, 0x1234, PROFILES["3"])
    code = CMAC(AES128(KEY))
    code.update(b"\x01\x23" + b"\xde\xad\xbe\xef" + (0x1234).to_bytes(8, "big"))
    digest = code.finalize().hex()
    assert secured.data.hex() == "deadbeef" + "4" + digest[:7]
    assert not secured.fd


def test_cmac_is_that_of_rfc_4493():
    code = CMAC(AES128(KEY))
    code.update(bytes.fromhex("6bc1bee22e409f96e93d7e117393172a"))
    assert code.finalize().hex() == "070a16b46b4d4144f79bdd9dd04a287c"


@pytest.mark.parametrize(
    ("name", "bits"),
    [("1", (24, 8, 4)), ("2", (24, 0, 3)), ("3", (28, 4, 4)), ("wide", (64, 8, 9))],
)
def test_profile_table(name, bits):
    profile = profile_named(name)
    assert (profile.mac_bits, profile.freshness_sent_bits, profile.trailer_bytes) == bits
    assert profile.source


def test_forgeries_of_a_24_bit_authenticator_take_about_70_minutes_at_4000_frames_a_second():
    expected_s = 1.0 / PROFILES["1"].forgery_chance / 4000.0
    assert expected_s / 60.0 == pytest.approx(70.0, rel=0.01)
    assert 1.0 / PROFILES["3"].forgery_chance / 4000.0 / 3600.0 == pytest.approx(18.6, rel=0.01)


def test_bad_input_is_refused():
    with pytest.raises(ConfigurationError, match="no room"):
        authenticate(Frame(1, bytes(64), fd=True), KEY, 1, PROFILES["1"])
    with pytest.raises(ConfigurationError, match="5 bytes"):
        authenticate(Frame(1, b""), b"short", 1, PROFILES["1"])
    with pytest.raises(ConfigurationError, match="did you mean"):
        profile_named("wid")
    with pytest.raises(ValueError, match="whole bytes"):
        SecuredProfile("odd", 25, 8, 8, "test")
    with pytest.raises(ValueError, match="part of a full value"):
        SecuredProfile("odd", 24, 4, 8, "test")
    with pytest.raises(ValueError, match="not supported"):
        SecuredProfile("odd", 24, 64, 0, "test")
    with pytest.raises(ValueError, match="no trailer"):
        without_trailer(Frame(1, b"ab"), PROFILES["1"])
    for text in ("", "00" * 15, "secret of sixteen"):
        with pytest.raises(ConfigurationError) as caught:
            key_from_hexadecimal(text)
        assert not text or text not in str(caught.value)
    assert key_from_hexadecimal(KEY.hex()) == KEY
