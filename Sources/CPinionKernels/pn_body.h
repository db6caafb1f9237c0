// The kernels themselves, over the vector vocabulary of the including file.
//
// Nothing here may depend on how many tokens or row groups a call covers: each output is accumulated alone, over the
// columns in order, so a result is the same whatever stands beside it.

#define PN_CONCAT2(a, b) a##_##b
#define PN_CONCAT(a, b) PN_CONCAT2(a, b)
#define PN_NAME(operation) PN_CONCAT(pn_##operation, PN_ISA)

enum { PN_LANES = 16, PN_STEPS = PN_BLOCK_COLUMNS / 4 };

/// e^x within 2 units in the last place; 0 below -87.3, where the result would be subnormal.
PN_INLINE pn_vf vf_exp(pn_vf x) {
    const pn_vf lowest = vf_set1(-87.3f);
    pn_vf clamped = vf_min(vf_max(x, lowest), vf_set1(88.0f));
    pn_vf n = vf_round(vf_mul(clamped, vf_set1(1.44269504f)));
    // ln 2 in two parts, so that the remainder keeps its low bits.
    pn_vf r = vf_fma(n, vf_set1(-0.693359375f), clamped);
    r = vf_fma(n, vf_set1(2.12194440e-4f), r);
    pn_vf p = vf_set1(1.0f / 720);
    p = vf_fma(p, r, vf_set1(1.0f / 120));
    p = vf_fma(p, r, vf_set1(1.0f / 24));
    p = vf_fma(p, r, vf_set1(1.0f / 6));
    p = vf_fma(p, r, vf_set1(0.5f));
    p = vf_fma(p, r, vf_set1(1));
    p = vf_fma(p, r, vf_set1(1));
    return vf_keep_if_at_least(vf_mul(p, vf_exp2_whole(n)), x, lowest);
}

PN_INLINE pn_vf vf_load_upto(const float *x, size_t left) {
    return left >= PN_LANES ? vf_load(x) : vf_load_first(x, left);
}
PN_INLINE void vf_store_upto(float *x, size_t left, pn_vf v) {
    if (left >= PN_LANES) vf_store(x, v);
    else vf_store_first(x, left, v);
}

// MARK: - Matrix products

/// Declares one tile function per token count 1...PN_TILE through a constant argument, and the loop over row groups.
#define PN_DEFINE_MATMUL(format, tile) \
    static void PN_NAME(matmul_##format)(const pn_matmul *m, size_t first_group, size_t group_count) { \
        for (size_t g = first_group; g < first_group + group_count; g++) { \
            const uint8_t *group = m->weights + g * m->group_bytes; \
            float *out = m->out + g * PN_GROUP_ROWS; \
            size_t t = 0; \
            for (; t + PN_TILE <= m->tokens; t += PN_TILE) tile(m, group, t, PN_TILE, out + t * m->out_stride); \
            switch (m->tokens - t) { \
            case 1: tile(m, group, t, 1, out + t * m->out_stride); break; \
            case 2: tile(m, group, t, 2, out + t * m->out_stride); break; \
            case 3: tile(m, group, t, 3, out + t * m->out_stride); break; \
            case 4: tile(m, group, t, 4, out + t * m->out_stride); break; \
            case 5: tile(m, group, t, 5, out + t * m->out_stride); break; \
            case 6: tile(m, group, t, 6, out + t * m->out_stride); break; \
            case 7: tile(m, group, t, 7, out + t * m->out_stride); break; \
            default: break; \
            } \
        } \
    }

enum { PN_F32_BODY, PN_F16_BODY, PN_BF16_BODY };

PN_INLINE void pn_tile_float(const pn_matmul *m, const uint8_t *group, size_t token, const int T, float *out,
    const int kind) {
    const float *x = m->x + token * m->x_stride;
    pn_vf acc[PN_TILE];
    for (int t = 0; t < T; t++) acc[t] = vf_zero();
    for (size_t c = 0; c < m->columns; c++) {
        pn_vf w = kind == PN_F32_BODY ? vf_load((const float *)group + c * PN_LANES)
            : kind == PN_F16_BODY     ? vf_load_half((const uint16_t *)group + c * PN_LANES)
                                      : vf_load_bf16((const uint16_t *)group + c * PN_LANES);
        for (int t = 0; t < T; t++) acc[t] = vf_fma(w, vf_set1(x[t * m->x_stride + c]), acc[t]);
    }
    for (int t = 0; t < T; t++) vf_store(out + t * m->out_stride, acc[t]);
}
#define PN_TILE_F32(m, group, t, T, out) pn_tile_float(m, group, t, T, out, PN_F32_BODY)
#define PN_TILE_F16(m, group, t, T, out) pn_tile_float(m, group, t, T, out, PN_F16_BODY)
#define PN_TILE_BF16(m, group, t, T, out) pn_tile_float(m, group, t, T, out, PN_BF16_BODY)
PN_DEFINE_MATMUL(f32, PN_TILE_F32)
PN_DEFINE_MATMUL(f16, PN_TILE_F16)
PN_DEFINE_MATMUL(bf16, PN_TILE_BF16)

/// Nibble formats. A zero point of 8 is taken off the integer sum, which is exact; a minimum costs one more fma.
PN_INLINE void pn_tile_nibble(const pn_matmul *m, const uint8_t *group, size_t token, const int T, float *out,
    const int has_minimum) {
    const size_t blocks = m->columns / PN_BLOCK_COLUMNS;
    const uint16_t *scales = (const uint16_t *)(group + blocks * 256);
    const uint16_t *minima = scales + blocks * PN_LANES;
    const int8_t *quants = m->q.quants + token * m->columns;
    const size_t first = token * blocks;
    pn_vf acc[PN_TILE];
    for (int t = 0; t < T; t++) acc[t] = vf_zero();
    for (size_t b = 0; b < blocks; b++) {
        pn_vb w[PN_STEPS];
        for (int r = 0; r < PN_STEPS / 2; r++) {
            pn_vb packed = vb_load(group + b * 256 + r * 64);
            w[r] = vb_low(packed);
            w[r + PN_STEPS / 2] = vb_high(packed);
        }
        pn_vf scale = vf_load_half(scales + b * PN_LANES);
        pn_vf minimum = has_minimum ? vf_load_half(minima + b * PN_LANES) : vf_zero();
        for (int t = 0; t < T; t++) {
            const int8_t *a = quants + t * m->columns + b * PN_BLOCK_COLUMNS;
            const size_t at = first + t * blocks + b;
            pn_vi sum = has_minimum ? vi_zero() : vi_set1(-8 * m->q.sums[at]);
            for (int s = 0; s < PN_STEPS; s++) sum = vi_dot_u4(sum, w[s], a + 4 * s);
            acc[t] = vf_fma(vf_from_vi(sum), vf_mul(scale, vf_set1(m->q.scales[at])), acc[t]);
            if (m->q.is_fine[at]) {
                const int8_t *fine = m->q.fine_quants + (a - m->q.quants);
                pn_vi rest = has_minimum ? vi_zero() : vi_set1(-8 * m->q.fine_sums[at]);
                for (int s = 0; s < PN_STEPS; s++) rest = vi_dot_u4(rest, w[s], fine + 4 * s);
                acc[t] = vf_fma(vf_from_vi(rest), vf_mul(scale, vf_set1(m->q.scales[at] / PN_FINE_STEPS)), acc[t]);
            }
            if (has_minimum) acc[t] = vf_fma(minimum, vf_set1(m->q.scaled_sums[at]), acc[t]);
        }
    }
    for (int t = 0; t < T; t++) vf_store(out + t * m->out_stride, acc[t]);
}
#define PN_TILE_Q4_0(m, group, t, T, out) pn_tile_nibble(m, group, t, T, out, 0)
#define PN_TILE_Q4_1(m, group, t, T, out) pn_tile_nibble(m, group, t, T, out, 1)
PN_DEFINE_MATMUL(q4_0, PN_TILE_Q4_0)
PN_DEFINE_MATMUL(q4_1, PN_TILE_Q4_1)

PN_INLINE void pn_tile_q8_0(const pn_matmul *m, const uint8_t *group, size_t token, const int T, float *out) {
    const size_t blocks = m->columns / PN_BLOCK_COLUMNS;
    const uint16_t *scales = (const uint16_t *)(group + blocks * 512);
    const int8_t *quants = m->q.quants + token * m->columns;
    const size_t first = token * blocks;
    pn_vf acc[PN_TILE];
    for (int t = 0; t < T; t++) acc[t] = vf_zero();
    for (size_t b = 0; b < blocks; b++) {
        pn_vb w[PN_STEPS];
        for (int s = 0; s < PN_STEPS; s++) w[s] = vb_prepare_q8(vb_load(group + b * 512 + s * 64));
        pn_vf scale = vf_load_half(scales + b * PN_LANES);
        for (int t = 0; t < T; t++) {
            const int8_t *a = quants + t * m->columns + b * PN_BLOCK_COLUMNS;
            const size_t at = first + t * blocks + b;
            pn_vi sum = vi_start_q8(m->q.sums[at]);
            for (int s = 0; s < PN_STEPS; s++) sum = vi_dot_q8(sum, w[s], a + 4 * s);
            acc[t] = vf_fma(vf_from_vi(sum), vf_mul(scale, vf_set1(m->q.scales[at])), acc[t]);
            if (m->q.is_fine[at]) {
                const int8_t *fine = m->q.fine_quants + (a - m->q.quants);
                pn_vi rest = vi_start_q8(m->q.fine_sums[at]);
                for (int s = 0; s < PN_STEPS; s++) rest = vi_dot_q8(rest, w[s], fine + 4 * s);
                acc[t] = vf_fma(vf_from_vi(rest), vf_mul(scale, vf_set1(m->q.scales[at] / PN_FINE_STEPS)), acc[t]);
            }
        }
    }
    for (int t = 0; t < T; t++) vf_store(out + t * m->out_stride, acc[t]);
}
PN_DEFINE_MATMUL(q8_0, pn_tile_q8_0)

PN_INLINE int32_t pn_sum_block(const int8_t *quants) {
    int32_t sum = 0;
    for (int i = 0; i < PN_BLOCK_COLUMNS; i++) sum += quants[i];
    return sum;
}

static void PN_NAME(quantise)(const float *x, size_t columns, pn_quantised row) {
    pn_vf squares = vf_zero();
    for (size_t c = 0; c < columns; c += PN_LANES) {
        pn_vf v = vf_load(x + c);
        squares = vf_fma(v, v, squares);
    }
    const float limit = PN_FINE_THRESHOLD * PN_SQRT(vf_reduce_add(squares) / (float)columns);
    for (size_t b = 0; b < columns / PN_BLOCK_COLUMNS; b++) {
        const float *block = x + b * PN_BLOCK_COLUMNS;
        pn_vf lo = vf_load(block), hi = vf_load(block + PN_LANES);
        float largest = vf_reduce_max(vf_max(vf_abs(lo), vf_abs(hi)));
        float scale = largest / 127, inverse = largest >= PN_LEAST_ACTIVATION ? 127 / largest : 0;
        int8_t *quants = row.quants + b * PN_BLOCK_COLUMNS;
        pn_vf steps_lo = vf_mul(lo, vf_set1(inverse)), steps_hi = vf_mul(hi, vf_set1(inverse));
        vf_store_int8(quants, steps_lo);
        vf_store_int8(quants + PN_LANES, steps_hi);
        row.scales[b] = scale;
        row.sums[b] = pn_sum_block(quants);
        row.scaled_sums[b] = scale * (float)row.sums[b];
        row.is_fine[b] = largest > limit;
        if (!row.is_fine[b]) continue;
        int8_t *fine = row.fine_quants + b * PN_BLOCK_COLUMNS;
        const pn_vf fine_steps = vf_set1(PN_FINE_STEPS);
        vf_store_int8(fine, vf_mul(vf_sub(steps_lo, vf_round(steps_lo)), fine_steps));
        vf_store_int8(fine + PN_LANES, vf_mul(vf_sub(steps_hi, vf_round(steps_hi)), fine_steps));
        row.fine_sums[b] = pn_sum_block(fine);
        row.scaled_sums[b] += scale / PN_FINE_STEPS * (float)row.fine_sums[b];
    }
}

// MARK: - Row operations

static void PN_NAME(rms_norm)(const float *x, const float *weight, size_t columns, float epsilon, float *out) {
    pn_vf squares = vf_zero();
    for (size_t c = 0; c < columns; c += PN_LANES) {
        pn_vf v = vf_load_upto(x + c, columns - c);
        squares = vf_fma(v, v, squares);
    }
    float mean = vf_reduce_add(squares) / (float)columns;
    pn_vf factor = vf_set1(1 / PN_SQRT(mean + epsilon));
    for (size_t c = 0; c < columns; c += PN_LANES) {
        pn_vf v = vf_mul(vf_load_upto(x + c, columns - c), factor);
        vf_store_upto(out + c, columns - c, vf_mul(v, vf_load_upto(weight + c, columns - c)));
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

static void PN_NAME(to_half)(const float *x, size_t count, uint16_t *out) {
    size_t i = 0;
    for (; i + PN_LANES <= count; i += PN_LANES) vf_store_half(out + i, vf_load(x + i));
    if (i < count) {
        uint16_t lanes[PN_LANES];
        vf_store_half(lanes, vf_load_first(x + i, count - i));
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

static float PN_NAME(maximum)(const float *x, size_t count) {
    pn_vf best = vf_set1(x[0]);
    size_t i = 0;
    for (; i + PN_LANES <= count; i += PN_LANES) best = vf_max(vf_load(x + i), best);
    float result = vf_reduce_max(best);
    for (; i < count; i++) result = x[i] > result ? x[i] : result;
    return result;
}

static float PN_NAME(exp_sum)(const float *x, size_t count, float shift, float *out) {
    pn_vf sum = vf_zero();
    const pn_vf s = vf_set1(shift);
    size_t i = 0;
    for (; i + PN_LANES <= count; i += PN_LANES) {
        pn_vf e = vf_exp(vf_sub(vf_load(x + i), s));
        vf_store(out + i, e);
        sum = vf_add(sum, e);
    }
    float total = vf_reduce_add(sum);
    if (i < count) {
        float lanes[PN_LANES];
        vf_store(lanes, vf_exp(vf_sub(vf_load_first(x + i, count - i), s)));
        for (size_t j = 0; i + j < count; j++) {
            out[i + j] = lanes[j];
            total += lanes[j];
        }
    }
    return total;
}

// MARK: - Attention

/// `H` query heads over one KV head's cache. A block of 16 keys gives one vector of scores per head.
PN_INLINE void pn_attend(const pn_attention *a, size_t first_head, const int H) {
    const size_t dim = a->head_dim, padded = (dim + PN_LANES - 1) / PN_LANES * PN_LANES;
    const float *q = a->queries + first_head * dim;
    pn_vf scale = vf_set1(a->scale);
    float best[PN_ATTENTION_HEADS], total[PN_ATTENTION_HEADS];
    float acc[PN_ATTENTION_HEADS][PN_MAX_HEAD_DIM];
    for (int h = 0; h < H; h++) {
        best[h] = -__builtin_inff();
        total[h] = 0;
        for (size_t d = 0; d < padded; d += PN_LANES) vf_store(&acc[h][d], vf_zero());
    }
    for (size_t start = 0; start < a->length; start += PN_CACHE_BLOCK_TOKENS) {
        const size_t offset = (size_t)a->table[start / PN_CACHE_BLOCK_TOKENS] * a->block_stride;
        const uint16_t *keys = a->keys + offset, *values = a->values + offset;
        const size_t valid = a->length - start < PN_LANES ? a->length - start : PN_LANES;
        // Even and odd dimensions apart: two chains per head hide the latency of the fma.
        pn_vf even[PN_ATTENTION_HEADS], odd[PN_ATTENTION_HEADS];
        for (int h = 0; h < H; h++) even[h] = odd[h] = vf_zero();
        for (size_t d = 0; d < dim; d += 2) {
            pn_vf k0 = vf_load_half(keys + d * PN_LANES), k1 = vf_load_half(keys + (d + 1) * PN_LANES);
            for (int h = 0; h < H; h++) {
                even[h] = vf_fma(k0, vf_set1(q[h * dim + d]), even[h]);
                odd[h] = vf_fma(k1, vf_set1(q[h * dim + d + 1]), odd[h]);
            }
        }
        float p[PN_ATTENTION_HEADS][PN_LANES];
        pn_vf correction[PN_ATTENTION_HEADS];
        for (int h = 0; h < H; h++) {
            pn_vf scores = vf_mul(vf_add(even[h], odd[h]), scale);
            if (valid < PN_LANES) {
                vf_store(p[h], scores);
                for (size_t i = valid; i < PN_LANES; i++) p[h][i] = -__builtin_inff();
                scores = vf_load(p[h]);
            }
            float highest = vf_reduce_max(scores);
            highest = best[h] > highest ? best[h] : highest;
            correction[h] = vf_exp(vf_set1(best[h] - highest));
            pn_vf e = vf_exp(vf_sub(scores, vf_set1(highest)));
            vf_store(p[h], e);
            float first[PN_LANES];
            vf_store(first, correction[h]);
            total[h] = total[h] * first[0] + vf_reduce_add(e);
            best[h] = highest;
        }
        for (size_t d = 0; d < padded; d += PN_LANES) {
            pn_vf sum[PN_ATTENTION_HEADS];
            for (int h = 0; h < H; h++) sum[h] = vf_mul(vf_load(&acc[h][d]), correction[h]);
            for (size_t i = 0; i < valid; i++) {
                pn_vf v = vf_load_half(values + i * padded + d);
                for (int h = 0; h < H; h++) sum[h] = vf_fma(v, vf_set1(p[h][i]), sum[h]);
            }
            for (int h = 0; h < H; h++) vf_store(&acc[h][d], sum[h]);
        }
    }
    for (int h = 0; h < H; h++) {
        pn_vf inverse = vf_set1(1 / total[h]);
        float *out = a->out + (first_head + h) * dim;
        for (size_t d = 0; d < dim; d += PN_LANES) {
            vf_store_upto(out + d, dim - d, vf_mul(vf_load(&acc[h][d]), inverse));
        }
    }
}

static void PN_NAME(attention)(const pn_attention *a) {
    size_t head = 0;
    for (; head + PN_ATTENTION_HEADS <= a->heads; head += PN_ATTENTION_HEADS) pn_attend(a, head, PN_ATTENTION_HEADS);
    switch (a->heads - head) {
    case 1: pn_attend(a, head, 1); break;
    case 2: pn_attend(a, head, 2); break;
    case 3: pn_attend(a, head, 3); break;
    default: break;
    }
}

const pn_kernels PN_NAME(kernels) = {
    .name = PN_ISA_NAME,
    .matmul = {PN_NAME(matmul_f32), PN_NAME(matmul_f16), PN_NAME(matmul_bf16), PN_NAME(matmul_q4_0),
        PN_NAME(matmul_q4_1), PN_NAME(matmul_q8_0)},
    .quantise = PN_NAME(quantise),
    .rms_norm = PN_NAME(rms_norm),
    .silu_multiply = PN_NAME(silu_multiply),
    .add = PN_NAME(add),
    .attention = PN_NAME(attention),
    .to_half = PN_NAME(to_half),
    .from_half = PN_NAME(from_half),
    .maximum = PN_NAME(maximum),
    .exp_sum = PN_NAME(exp_sum),
};
