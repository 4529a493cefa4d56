"""Row kernels of the bare loop in Numba: one row is one run's cells, all in the first cache.

Small kernels of few arrays let the compiler prove that none overlap; a single fused loop does not
vectorise. Divisions, `exp` and population counts are written so that they do.
"""

import numpy as np
from numba import njit

FAST = {"contract", "nnan", "nsz", "reassoc"}
GOLDEN = np.uint64(0x9E3779B97F4A7C15)
MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
MIX_2 = np.uint64(0x94D049BB133111EB)
CHANNEL = np.uint64(0xD1B54A32D192ED03)
TICK = np.uint64(0x2545F4914F6CDD1D)
GAUSS = (16.0 + 1.0 / 12.0) ** -0.5
ZERO_DEGC_K = 273.15
REFERENCE_K = 298.15

kernel = njit(cache=True, fastmath=FAST, error_model="numpy", inline="never")
inlined = njit(cache=True, fastmath=FAST, error_model="numpy", inline="always")


@inlined
def exponential(value):
    """Return e to the value, to about 1e-13 for arguments up to 4 in size.

    A Taylor polynomial of a sixty-fourth of the argument, squared six times; `math.exp` would be a
    call for every cell.
    """
    z = value * (1.0 / 64.0)
    p = 1.0 + z * (1.0 / 6.0 + z * (1.0 / 24.0 + z * (1.0 / 120.0 + z * (1.0 / 720.0)))) * z * z
    p += z + 0.5 * z * z
    p *= p
    p *= p
    p *= p
    p *= p
    p *= p
    return p * p


@inlined
def mixed(bits):
    """Return the finaliser of SplitMix64."""
    bits = (bits ^ (bits >> np.uint64(30))) * MIX_1
    bits = (bits ^ (bits >> np.uint64(27))) * MIX_2
    return bits ^ (bits >> np.uint64(31))


@inlined
def ones(bits):
    """Return the population count, in the form that becomes one instruction."""
    bits = bits - ((bits >> np.uint64(1)) & np.uint64(0x5555555555555555))
    bits = (bits & np.uint64(0x3333333333333333)) + (
        (bits >> np.uint64(2)) & np.uint64(0x3333333333333333)
    )
    bits = (bits + (bits >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return (bits * np.uint64(0x0101010101010101)) >> np.uint64(56)


@inlined
def normal(bits):
    """Return a draw from hashed bits."""
    count = float(np.int64(ones(bits))) - 32.0
    width = float(np.int64(mixed(bits + GOLDEN) >> np.uint64(11))) * 2.0**-53 - 0.5
    return (count + width) * GAUSS


@inlined
def base_bits(seed, channel, tick):
    """Return the hash of a run's seed, a channel and a tick."""
    return mixed(seed * GOLDEN + np.uint64(channel) * CHANNEL + np.uint64(tick) * TICK)


@kernel
def factors(temperature, series_law, polarisation_law, series, polarisation):
    """Temperature laws of the resistances."""
    for k in range(temperature.size):
        x = 1.0 / (temperature[k] + ZERO_DEGC_K) - 1.0 / REFERENCE_K
        series[k] = exponential(x * (series_law[0] + series_law[1] * x))
        polarisation[k] = exponential(x * (polarisation_law[0] + polarisation_law[1] * x))


@kernel
def resistances(soc, tables, slopes, series, polarisation, ohm):
    """Three tables on the same knots: one position serves them all."""
    last = tables.shape[1] - 1
    for k in range(soc.size):
        position = min(max(soc[k], 0.0), 1.0) * (last + 1)
        index = min(max(np.int64(position), 0), last)
        part = position - index
        ohm[0, k] = (tables[0, index] + slopes[0, index] * part) * series[k]
        ohm[1, k] = (tables[1, index] + slopes[1, index] * part) * polarisation[k]
        ohm[2, k] = (tables[2, index] + slopes[2, index] * part) * polarisation[k]


@kernel
def open_circuit(soc, table, slope, voltage, rise):
    """Open-circuit voltage and its slope."""
    last = table.size - 1
    for k in range(soc.size):
        position = soc[k] * (last + 1)
        index = min(max(np.int64(position), 0), last)
        voltage[k] = table[index] + slope[index] * (position - index)
        rise[k] = slope[index] * (last + 1)


@kernel
def electrical(soc, polarised, ohm, spread, charge, current, keep, heat):
    """Charge and polarisation under a constant current; returns nothing but the rows."""
    for k in range(soc.size):
        series = ohm[0, k] * spread[k]
        soc[k] += current * charge[k]
        fast = keep[0] * polarised[0, k] + (1.0 - keep[0]) * ohm[1, k] * spread[k] * current
        slow = keep[1] * polarised[1, k] + (1.0 - keep[1]) * ohm[2, k] * spread[k] * current
        polarised[0, k] = fast
        polarised[1, k] = slow
        heat[k] = series * current + fast + slow


@kernel
def exchanged(temperature, flow, path, neighbour, coolant):
    """Flow into each cell from its neighbours and the coolant; returns the mean into that."""
    cells = temperature.size
    total = 0.0
    for k in range(cells):
        out = path * (temperature[k] - coolant)
        total += out
        flow[k] = -out
    for k in range(cells - 1):
        between = neighbour * (temperature[k + 1] - temperature[k])
        flow[k] += between
    for k in range(1, cells):
        flow[k] -= neighbour * (temperature[k] - temperature[k - 1])
    return total / cells


@kernel
def warm(temperature, flow, heat, current, denominator, tick_s):
    """Temperatures at the tick's end."""
    for k in range(temperature.size):
        temperature[k] += (flow[k] + current * heat[k]) * tick_s / denominator


@kernel
def read(truth, added, offset, base, lanes, noise, step, low, high, seen):
    """A sensor: offset, noise, rounding, range; `added` is put to the truth."""
    for k in range(truth.size):
        felt = truth[k] + added[k] + offset[k] + noise * normal(mixed(base + lanes[k]))
        seen[k] = min(max(np.rint(felt / step) * step, low), high)


@kernel
def predicted(state, variance, ohm, current, charge, walks, keep):
    """Estimate and covariance one tick on."""
    fast, slow = keep[0], keep[1]
    for k in range(state.shape[1]):
        state[0, k] += current * charge
        state[1, k] = fast * state[1, k] + ohm[1, k] * (1.0 - fast) * current
        state[2, k] = slow * state[2, k] + ohm[2, k] * (1.0 - slow) * current
        variance[0, k] += walks[0]
        variance[1, k] *= fast
        variance[2, k] *= slow
        variance[3, k] = fast * fast * variance[3, k] + walks[1]
        variance[4, k] *= fast * slow
        variance[5, k] = slow * slow * variance[5, k] + walks[1]


@kernel
def corrected(state, variance, ocv, rise, series, voltage, current, tuning, score):
    """Innovation, its normalised value, and the update that believes it."""
    for k in range(state.shape[1]):
        slope = rise[k]
        innovation = voltage[k] - (ocv[k] + series[k] * current + state[1, k] + state[2, k])
        soc_row = variance[0, k] * slope + variance[1, k] + variance[2, k]
        fast_row = variance[1, k] * slope + variance[3, k] + variance[4, k]
        slow_row = variance[2, k] * slope + variance[4, k] + variance[5, k]
        expected = slope * soc_row + fast_row + slow_row + tuning[0] * tuning[0]
        expected += (series[k] * tuning[1]) * (series[k] * tuning[1])
        score[k] = innovation / np.sqrt(expected)
        soc_gain, fast_gain, slow_gain = (
            soc_row / expected,
            fast_row / expected,
            slow_row / expected,
        )
        state[0, k] += soc_gain * innovation
        state[1, k] += fast_gain * innovation
        state[2, k] += slow_gain * innovation
        variance[0, k] -= soc_gain * soc_row
        variance[1, k] -= soc_gain * fast_row
        variance[2, k] -= soc_gain * slow_row
        variance[3, k] -= fast_gain * fast_row
        variance[4, k] -= fast_gain * slow_row
        variance[5, k] -= slow_gain * slow_row


@kernel
def cumulated(score, high, low, slack, cap):
    """Two-sided sums; returns the worst."""
    worst = 0.0
    for k in range(score.size):
        up = min(max(high[k] + score[k] - slack, 0.0), cap)
        down = min(max(low[k] - score[k] - slack, 0.0), cap)
        high[k] = up
        low[k] = down
        more = max(up, down)
        worst = max(worst, more)
    return worst


@kernel
def extremes(values):
    """Return the lowest and the highest of a row."""
    low, high = values[0], values[0]
    for k in range(values.size):
        low = min(low, values[k])
        high = max(high, values[k])
    return low, high


@kernel
def protected(voltage, temperature, current, tick_s, tier, delays, fuse, seconds):
    """Count violations of the maximum tier and the fuse's overload; returns whether one latches."""
    low_V, high_V = extremes(voltage)
    low_degC, high_degC = extremes(temperature)
    beyond = (
        high_V > tier[0], low_V < tier[1], high_degC > tier[2], low_degC < tier[3],
        current > tier[4], current < -tier[5],
    )  # fmt: skip
    latched = False
    for fault in range(6):
        seconds[fault] = seconds[fault] + tick_s if beyond[fault] else 0.0
        latched = latched or seconds[fault] > delays[fault]
    if abs(current) > fuse[0]:
        seconds[-1] += (current * current - fuse[0] * fuse[0]) * tick_s
    return latched or seconds[-1] > fuse[1]
