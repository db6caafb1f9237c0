// Operations on one token's row.

PN_INLINE float pn_mean_square(const float *x, const size_t columns) {
    pn_vf squares = vf_zero();
    for (size_t c = 0; c < columns; c += PN_LANES) {
        pn_vf v = vf_load_upto(x + c, columns - c);
        squares = vf_fma(v, v, squares);
    }
    return vf_reduce_add(squares) / (float)columns;
}

/// The magnitude beyond which an activation of a row is an outlier.
PN_INLINE float pn_outlier_limit(const float *x, const size_t columns) {
    const float mean = pn_mean_square(x, columns);
    // Squares that leave the floats say nothing of the mean: such a row has no outliers.
    return mean >= PN_LEAST_MEAN_SQUARE ? PN_OUTLIER_THRESHOLD * PN_SQRT(mean) : __builtin_inff();
}

/// Whether all 32 numbers of a block are finite.
PN_INLINE int pn_are_finite(pn_vf lo, pn_vf hi) {
    // A number less itself is 0; infinity and NaN leave NaN, which a sum keeps, while a maximum may pass over it.
    return vf_reduce_add(vf_add(vf_sub(lo, lo), vf_sub(hi, hi))) == 0;
}

/// Rounds one token's block.
///
/// - Returns: The columns of the block that are outliers, one bit each.
PN_INLINE uint32_t pn_quantise_block(const float *block, const float limit, const pn_quantised *q, const size_t tile,
    const size_t lane, const size_t b) {
    uint32_t outliers = 0;
    pn_vf lo = vf_load(block), hi = vf_load(block + PN_LANES);
    float largest = vf_reduce_max(vf_max(vf_abs(lo), vf_abs(hi)));
    if (largest > limit) {
        for (int c = 0; c < PN_BLOCK_COLUMNS; c++) {
            if (__builtin_fabsf(block[c]) > limit) outliers |= 1u << c;
        }
        lo = vf_zero_if_above(lo, vf_set1(limit));
        hi = vf_zero_if_above(hi, vf_set1(limit));
        largest = vf_reduce_max(vf_max(vf_abs(lo), vf_abs(hi)));
    }
    const float scale = largest / 127, inverse = largest >= PN_LEAST_ACTIVATION ? 127 / largest : 0;
    const size_t at = (tile * q->blocks + b) * PN_TILE_TOKENS + lane;
    int8_t *quants = q->quants + at * PN_BLOCK_COLUMNS;
    const int32_t sum_lo = vf_store_int8(quants, vf_mul(lo, vf_set1(inverse)));
    const int32_t sum_hi = vf_store_int8(quants + PN_LANES, vf_mul(hi, vf_set1(inverse)));
    int32_t *minus_sums = q->minus_sums + (tile * q->blocks + b) * 2 * PN_TILE_TOKENS + lane;
    minus_sums[0] = -sum_lo;
    minus_sums[PN_TILE_TOKENS] = -sum_hi;
    q->scales[at] = scale;
    q->scaled_sums[at] = scale * (float)(sum_lo + sum_hi);
    return outliers;
}

/// Gives each block of one token's row that holds infinity or NaN the scale NaN.
static void PN_NAME(poison)(const float *row, const pn_quantised *q, const size_t tile, const size_t lane) {
    const float nan = __builtin_nanf("");
    for (size_t b = 0; b < q->blocks; b++) {
        const float *block = row + b * PN_BLOCK_COLUMNS;
        if (pn_are_finite(vf_load(block), vf_load(block + PN_LANES))) continue;
        const size_t at = (tile * q->blocks + b) * PN_TILE_TOKENS + lane;
        int32_t *minus_sums = q->minus_sums + (tile * q->blocks + b) * 2 * PN_TILE_TOKENS + lane;
        __builtin_memset(q->quants + at * PN_BLOCK_COLUMNS, 0, PN_BLOCK_COLUMNS);
        minus_sums[0] = minus_sums[PN_TILE_TOKENS] = 0;
        q->scales[at] = q->scaled_sums[at] = nan;
    }
}

static void PN_NAME(quantise)(const float *x, const pn_quantised *q, size_t token, size_t count) {
    const size_t columns = q->blocks * PN_BLOCK_COLUMNS, tile = token / PN_TILE_TOKENS;
    int32_t *outlier_columns = q->outlier_columns + tile * pn_outlier_capacity(columns), outliers = 0;
    float *outlier_values = q->outlier_values + tile * pn_outlier_capacity(columns) * PN_TILE_TOKENS;
    float limits[PN_TILE_TOKENS];
    for (size_t t = 0; t < count; t++) limits[t] = pn_outlier_limit(x + t * columns, columns);
    for (size_t b = 0; b < q->blocks; b++) {
        const float *block = x + b * PN_BLOCK_COLUMNS;
        uint32_t found = 0;
        for (size_t t = 0; t < count; t++) found |= pn_quantise_block(block + t * columns, limits[t], q, tile, t, b);
        for (; found != 0; found &= found - 1, outliers++) {
            const int c = __builtin_ctz(found);
            outlier_columns[outliers] = (int32_t)(b * PN_BLOCK_COLUMNS) + c;
            for (size_t t = 0; t < PN_TILE_TOKENS; t++) {
                const float v = t < count ? block[t * columns + c] : 0;
                outlier_values[outliers * PN_TILE_TOKENS + t] = t < count && __builtin_fabsf(v) > limits[t] ? v : 0;
            }
        }
    }
    q->outliers[tile] = outliers;
    // The mean square of a row with infinity or NaN is not finite, and so its limit is infinite: only such rows are read
    // again, because a test in every block took 1 % of the rounding.
    for (size_t t = 0; t < count; t++) {
        if (limits[t] == __builtin_inff()) PN_NAME(poison)(x + t * columns, q, tile, t);
    }
}

static void PN_NAME(rms_norm)(const float *x, const float *weight, size_t columns, float epsilon, float *out) {
    pn_vf factor = vf_set1(1 / PN_SQRT(pn_mean_square(x, columns) + epsilon));
    for (size_t c = 0; c < columns; c += PN_LANES) {
        pn_vf v = vf_mul(vf_load_upto(x + c, columns - c), factor);
        vf_store_upto(out + c, columns - c, vf_mul(v, vf_load_upto(weight + c, columns - c)));
    }
}

static void PN_NAME(layer_norm)(const float *x, const float *weight, const float *bias, size_t columns, float epsilon,
    float *out) {
    pn_vf sum = vf_zero(), squares = vf_zero();
    for (size_t c = 0; c < columns; c += PN_LANES) sum = vf_add(sum, vf_load_upto(x + c, columns - c));
    const pn_vf mean = vf_set1(vf_reduce_add(sum) / (float)columns);
    for (size_t c = 0; c < columns; c += PN_LANES) {
        const size_t here = columns - c < PN_LANES ? columns - c : PN_LANES;
        pn_vf v = vf_keep_first(vf_sub(vf_load_upto(x + c, columns - c), mean), here, vf_zero());
        squares = vf_fma(v, v, squares);
    }
    const pn_vf factor = vf_set1(1 / PN_SQRT(vf_reduce_add(squares) / (float)columns + epsilon));
    for (size_t c = 0; c < columns; c += PN_LANES) {
        const size_t left = columns - c;
        pn_vf v = vf_mul(vf_sub(vf_load_upto(x + c, left), mean), factor);
        vf_store_upto(out + c, left, vf_fma(v, vf_load_upto(weight + c, left), vf_load_upto(bias + c, left)));
    }
}

static void PN_NAME(activate)(pn_activation kind, const float *gate, const float *up, size_t columns, float *out) {
    for (size_t c = 0; c < columns; c += PN_LANES) {
        pn_vf g = vf_load_upto(gate + c, columns - c);
        g = kind == PN_GELU_TANH ? vf_gelu_tanh(g) : kind == PN_GELU ? vf_gelu(g) : vf_mul(g, vf_sigmoid(g));
        if (up) g = vf_mul(g, vf_load_upto(up + c, columns - c));
        vf_store_upto(out + c, columns - c, g);
    }
}

static void PN_NAME(soft_cap)(float *x, size_t columns, float cap) {
    const pn_vf bound = vf_set1(cap), inverse = vf_set1(1 / cap);
    for (size_t c = 0; c < columns; c += PN_LANES) {
        vf_store_upto(x + c, columns - c, vf_soft_cap(vf_load_upto(x + c, columns - c), bound, inverse));
    }
}

static void PN_NAME(silu_multiply)(const float *gate, const float *up, size_t columns, float *out) {
    const pn_vf one = vf_set1(1);
    for (size_t c = 0; c < columns; c += PN_LANES) {
        pn_vf g = vf_load_upto(gate + c, columns - c);
        pn_vf sigmoid = vf_div(one, vf_add(one, vf_exp(vf_sub(vf_zero(), g))));
        vf_store_upto(out + c, columns - c, vf_mul(vf_mul(g, sigmoid), vf_load_upto(up + c, columns - c)));
    }
}

static void PN_NAME(add)(float *x, const float *y, size_t columns) {
    for (size_t c = 0; c < columns; c += PN_LANES) {
        vf_store_upto(x + c, columns - c, vf_add(vf_load_upto(x + c, columns - c), vf_load_upto(y + c, columns - c)));
    }
}

PN_INLINE void pn_rope(float *x, const size_t heads, const size_t head_dim, const size_t pairs, const size_t step,
    const size_t distance, const float *cosines, const float *sines) {
    for (size_t h = 0; h < heads; h++) {
        float *head = x + h * head_dim;
        for (size_t i = 0; i < pairs; i++) {
            const float a = head[i * step], b = head[i * step + distance];
            head[i * step] = a * cosines[i] - b * sines[i];
            head[i * step + distance] = a * sines[i] + b * cosines[i];
        }
    }
}

/// The pairing of a head's first half with its second: two rows that do not overlap, which the compiler cannot see from
/// strides, and without which it turns the pairs one by one.
PN_INLINE void pn_rope_halves(float *restrict low, float *restrict high, const size_t pairs, const float *restrict cosines,
    const float *restrict sines) {
    for (size_t i = 0; i < pairs; i++) {
        const float a = low[i], b = high[i];
        low[i] = a * cosines[i] - b * sines[i];
        high[i] = a * sines[i] + b * cosines[i];
    }
}

static void PN_NAME(rope)(float *x, size_t heads, size_t head_dim, size_t pairs, size_t step, size_t distance,
    const float *restrict cosines, const float *restrict sines) {
    // Apart, so that the compiler knows the strides and can use vectors.
    if (step == 2 && distance == 1) pn_rope(x, heads, head_dim, pairs, 2, 1, cosines, sines);
    else if (step == 1 && distance >= pairs) {
        for (size_t h = 0; h < heads; h++) {
            pn_rope_halves(x + h * head_dim, x + h * head_dim + distance, pairs, cosines, sines);
        }
    } else pn_rope(x, heads, head_dim, pairs, step, distance, cosines, sines);
}

/// x within -largest...largest; NaN stays.
PN_INLINE pn_vf vf_clamp(pn_vf x, const float largest) {
    // The number stands second: a comparison with NaN yields the second operand, and NaN must not become a number.
    const pn_vf bound = vf_set1(largest);
    return vf_max(vf_sub(vf_zero(), bound), vf_min(bound, x));
}

static void PN_NAME(clamped_swiglu)(const float *gate, const float *up, size_t columns, float slope, float limit,
    float *out) {
    const pn_vf one = vf_set1(1), bound = vf_set1(limit), steepness = vf_set1(slope);
    for (size_t c = 0; c < columns; c += PN_LANES) {
        // The gate is the second operand, so that NaN stays.
        pn_vf g = vf_min(bound, vf_load_upto(gate + c, columns - c));
        pn_vf u = vf_clamp(vf_load_upto(up + c, columns - c), limit);
        g = vf_mul(g, vf_sigmoid(vf_mul(g, steepness)));
        vf_store_upto(out + c, columns - c, vf_mul(g, vf_add(u, one)));
    }
}

PN_INLINE pn_vf vf_clamp_to_half(pn_vf x) { return vf_clamp(x, 65504.0f); }

static void PN_NAME(to_finite)(const float *x, size_t count, float *out) {
    for (size_t i = 0; i < count; i += PN_LANES) {
        vf_store_upto(out + i, count - i, vf_clamp(vf_load_upto(x + i, count - i), __FLT_MAX__));
    }
}

static void PN_NAME(to_half)(const float *x, size_t count, uint16_t *out) {
    size_t i = 0;
    for (; i + PN_LANES <= count; i += PN_LANES) vf_store_half(out + i, vf_clamp_to_half(vf_load(x + i)));
    if (i < count) {
        uint16_t lanes[PN_LANES];
        vf_store_half(lanes, vf_clamp_to_half(vf_load_first(x + i, count - i)));
        __builtin_memcpy(out + i, lanes, (count - i) * sizeof(uint16_t));
    }
}

static void PN_NAME(from_half)(const uint16_t *x, size_t count, float *out) {
    size_t i = 0;
    for (; i + PN_LANES <= count; i += PN_LANES) vf_store(out + i, vf_load_half(x + i));
    if (i < count) {
        uint16_t lanes[PN_LANES] = {0};
        __builtin_memcpy(lanes, x + i, (count - i) * sizeof(uint16_t));
        vf_store_first(out + i, count - i, vf_load_half(lanes));
    }
}

/// 16 numbers within what a group's bytes and scale can hold, NaN as it is; zeros beyond `left`.
PN_INLINE pn_vf pn_load_for_q8(const float *x, const size_t left) {
    return vf_clamp(vf_load_upto(x, left), PN_Q8_LARGEST);
}

/// Rounds to bytes of -127...127, NaN to any.
PN_INLINE void pn_store_q8(int8_t *quants, pn_vf x) {
    const pn_vf most = vf_set1(127);
    vf_store_int8(quants, vf_max(vf_min(x, most), vf_sub(vf_zero(), most)));
}

static void PN_NAME(to_q8)(const float *x, size_t count, int8_t *quants, uint16_t *scales) {
    for (size_t first = 0; first < count; first += PN_BLOCK_COLUMNS) {
        const size_t here = count - first < PN_BLOCK_COLUMNS ? count - first : PN_BLOCK_COLUMNS;
        const pn_vf lo = pn_load_for_q8(x + first, here);
        const pn_vf hi = here > PN_LANES ? pn_load_for_q8(x + first + PN_LANES, here - PN_LANES) : vf_zero();
        const float largest = vf_reduce_max(vf_max(vf_abs(lo), vf_abs(hi)));
        // The least half that divides the largest to at most 127, or the one above: so much more than its rounding takes.
        const float scale = largest * ((1 + 0x1p-11f) / 127) + 0x1p-25f;
        uint16_t halves[PN_LANES];
        vf_store_half(halves, vf_clamp_to_half(vf_set1(scale)));
        const pn_vf step = vf_load_half(halves);
        const pn_vf inverse = vf_keep_if_at_least(vf_div(vf_set1(1), step), step, vf_set1(0x1p-24f));
        int8_t lanes[PN_BLOCK_COLUMNS];
        pn_store_q8(lanes, vf_mul(lo, inverse));
        pn_store_q8(lanes + PN_LANES, vf_mul(hi, inverse));
        __builtin_memcpy(quants + first, lanes, here);
        scales[first / PN_BLOCK_COLUMNS] = pn_are_finite(lo, hi) ? halves[0] : PN_HALF_NAN;
    }
}

static float PN_NAME(maximum)(const float *x, size_t count) {
    pn_vf best = vf_set1(-__builtin_inff());
    size_t i = 0;
    for (; i + PN_LANES <= count; i += PN_LANES) best = vf_max(vf_load(x + i), best);
    float result = vf_reduce_max(best);
    for (; i < count; i++) result = x[i] > result ? x[i] : result;
    return result;
}

static float PN_NAME(exp_sum)(const float *x, size_t count, float shift, float factor, float *out) {
    pn_vf sum = vf_zero();
    const pn_vf s = vf_set1(shift), f = vf_set1(factor);
    size_t i = 0;
    for (; i + PN_LANES <= count; i += PN_LANES) {
        pn_vf e = vf_exp(vf_mul(vf_sub(vf_load(x + i), s), f));
        vf_store(out + i, e);
        sum = vf_add(sum, e);
    }
    float total = vf_reduce_add(sum);
    if (i < count) {
        float lanes[PN_LANES];
        vf_store(lanes, vf_exp(vf_mul(vf_sub(vf_load_first(x + i, count - i), s), f)));
        for (size_t j = 0; i + j < count; j++) {
            out[i + j] = lanes[j];
            total += lanes[j];
        }
    }
    return total;
}
