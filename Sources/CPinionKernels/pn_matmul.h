// Matrix products: one tile body for all quantised formats, one for all float formats.
//
// Nothing here may depend on how many tokens or row groups a call covers: each output is accumulated alone, over the
// columns in order and then over the token's outliers in order, so a result is the same whatever stands beside it.

/// Added to an integer below 2^22 in magnitude it makes the bits of the float that is 1.5 * 2^23 more than that integer.
#define PN_FLOAT_BIAS 0x4b400000
#define PN_FLOAT_BIAS_VALUE 12582912.0f

enum {
    /// Tokens whose activations stay in the second-level cache while a range of row groups passes over them.
    PN_CHUNK_TOKENS = 128,
    /// How far ahead the weights are asked for: the next page, which the hardware does not foresee.
    PN_PREFETCH_BYTES = 4096,
};

/// What the sums of a block, or of each half of it, start from: minus the zero point times the activations, [2, 8].
///
/// - minus_sums: the block's, of the 8 tokens of the tile
///
/// A start is read from memory, from where a vector is filled for nothing; shifted by itself for each token and half it
/// took 3 of 14 operations for a block and a token. It is written a block ahead, because a start that is read right after it
/// was written makes its block wait: that took an eighth of the time of a prompt's products on a Zen 5. Sums that are
/// scaled half by half start from PN_FLOAT_BIAS, so that they end as floats.
PN_INLINE void pn_starts(const int32_t *minus_sums, int32_t *starts, const pn_format F) {
    pn_vi sums = vi_shift_left(vi_load(minus_sums), PN_START_SHIFT(F));
    vi_store(starts, PN_SUMS_HALVES(F) ? vi_add(sums, vi_set1(PN_FLOAT_BIAS)) : vi_fold(sums));
}

/// The start of one token's sum, for tiles of one or two tokens: a vector of 8 starts would cost them more.
PN_INLINE pn_vi pn_single_start(const int32_t *minus_sums, const int half, const pn_format F) {
    if (PN_START_SHIFT(F) == 0) return PN_SUMS_HALVES(F) ? vi_set1(PN_FLOAT_BIAS) : vi_zero();
    if (!PN_SUMS_HALVES(F)) return vi_set1((minus_sums[0] + minus_sums[PN_TILE_TOKENS]) * (1 << PN_START_SHIFT(F)));
    return vi_set1(minus_sums[half * PN_TILE_TOKENS] * (1 << PN_START_SHIFT(F)) + PN_FLOAT_BIAS);
}

/// What one half's sum of a token starts from.
PN_INLINE pn_vi pn_start(const volatile int32_t *start, const pn_format F) {
    // Volatile, or else the compiler would take the numbers from registers again, with an operation for each.
    if (PN_START_SHIFT(F) > 0) return vi_set1(*start);
    return PN_SUMS_HALVES(F) ? vi_set1(PN_FLOAT_BIAS) : vi_zero();
}

/// Minus the sums of the activations of each half of a block, [2, 8], which its minima are multiplied by.
PN_INLINE void pn_half_sums(const int32_t *minus_sums, const float *scales, float *half_sums) {
    vf_store(half_sums, vf_mul(vf_from_vi(vi_load(minus_sums)), vf_load_eight_twice(scales)));
}

/// 16 rows by T tokens from `token` on, which lie in one tile of the activations.
///
/// - ahead: whether this is the first look at these weights, so that the next ones are asked for meanwhile.
PN_INLINE void pn_tile(const pn_matmul *m, const uint8_t *group, const size_t token, const int T, float *out,
    const int ahead, const pn_format F) {
    const pn_layout layout = pn_traits[F].layout;
    const size_t unit_blocks = layout.columns / PN_BLOCK_COLUMNS;
    const size_t first = token / PN_TILE_TOKENS * m->q.blocks * PN_TILE_TOKENS + token % PN_TILE_TOKENS;
    const size_t lane = token % PN_TILE_TOKENS;
    const int8_t *quants = m->q.quants + first * PN_BLOCK_COLUMNS;
    const float *scales = m->q.scales + first, *scaled_sums = m->q.scaled_sums + first;
    const int32_t *minus_sums = m->q.minus_sums + token / PN_TILE_TOKENS * m->q.blocks * 2 * PN_TILE_TOKENS;
    pn_vf acc[PN_TILE];
    PN_UNROLL for (int t = 0; t < T; t++) acc[t] = vf_zero();
    // Starts and half sums of this block and of the next, which take turns.
    _Alignas(64) int32_t starts[2][2 * PN_TILE_TOKENS];
    _Alignas(64) float half_sums[2][2 * PN_TILE_TOKENS];
    const int is_small = T <= 2, has_starts = PN_START_SHIFT(F) > 0 && !is_small;
    const int has_half_sums = PN_HAS_MINIMUM(F) && PN_IS_SPLIT(F) && !is_small;
    // For one or two tokens it is cheaper to multiply their sums by the scales than eight registers of quants; the whole
    // number is the same.
    const int multiplies_sums = PN_HAS_WHOLE_SCALES(F) && is_small, multiplies_quants = PN_HAS_WHOLE_SCALES(F) && !is_small;
    size_t turn = 0;
    if (has_starts) pn_starts(minus_sums, starts[0], F);
    if (has_half_sums) pn_half_sums(minus_sums, scales - lane, half_sums[0]);
    const uint8_t *unit = group;
    for (size_t left = m->q.blocks; left > 0; unit += layout.bytes) {
        const size_t here = left < unit_blocks ? left : unit_blocks;
        pn_vf unit_sum[PN_TILE];
        pn_vf scale_of_minima = vf_zero();
        if (PN_HAS_WHOLE_SCALES(F)) {
            PN_UNROLL for (int t = 0; t < T; t++) unit_sum[t] = vf_zero();
            scale_of_minima = vf_load_half((const uint16_t *)(unit + layout.scales) + PN_LANES);
        }
        for (size_t j = 0; j < here; j++) {
            const uint8_t *block = unit + j * layout.block_bytes;
            if (ahead) {
                // A block at a time: many at once would wait for each other.
                const size_t end = j + 1 == unit_blocks ? layout.bytes - j * layout.block_bytes : layout.block_bytes;
                for (size_t line = 0; line < end; line += PN_REGISTER_BYTES) {
                    __builtin_prefetch(block + PN_PREFETCH_BYTES + line);
                }
            }
            const int32_t *const start = starts[turn] + lane;
            const volatile float *half_sum = half_sums[turn] + lane;
            turn ^= 1;
            // After the last block there is nothing to read.
            const size_t next = left - j > 1 ? PN_TILE_TOKENS : 0;
            if (has_starts) pn_starts(minus_sums + 2 * next, starts[turn], F);
            if (has_half_sums) pn_half_sums(minus_sums + 2 * next, scales - lane + next, half_sums[turn]);
            pn_vi sum[PN_TILE], first_product[PN_TILE];
            pn_vf scaled[PN_TILE];
            pn_vb registers[PN_MOST_REGISTERS], values = vb_zero();
            if (PN_IS_CODED(F)) {
                // The table is prepared once a block. Preparing what is looked up in it would cost an operation a step.
                values = pn_values(unit + layout.scales, F);
                if (PN_IS_Q8(F)) values = vb_prepare_q8(values);
                VB_KEEP(values);
            }
            PN_UNROLL for (int half = 0; half < 2; half++) {
                if (PN_BITS(F) < 8) pn_load_registers(block, half, registers, F);
                if (half == 0 || PN_SUMS_HALVES(F) || multiplies_sums) {
                    PN_UNROLL for (int t = 0; t < T; t++) {
                        sum[t] = is_small ? pn_single_start(minus_sums + lane + t, half, F)
                                          : pn_start(start + half * PN_TILE_TOKENS + t, F);
                    }
                }
                const uint8_t *nibbles = pn_nibbles(unit + layout.scales, j, half);
                if (multiplies_quants) values = vb_multiples(nibbles);
                PN_UNROLL for (int r = 0; r < 4; r++) {
                    pn_vb w = multiplies_quants ? pn_multiplied_quants(registers, values, r)
                                                : pn_quants(block, registers, values, half, r, F);
                    PN_UNROLL for (int t = 0; t < T; t++) {
                        const int8_t *a = quants + t * PN_BLOCK_COLUMNS + 16 * half + 4 * r;
                        sum[t] = PN_IS_Q8(F) ? vi_dot_q8(sum[t], w, a) : vi_dot(sum[t], w, a);
                        // Left to itself clang puts each token's products next to each other, where each waits for the
                        // one before it; that cost 15 % of a prompt's products in Q4_0 and 6 % in Q4_1.
                        if (T > 1) VI_KEEP_ORDER(sum[t]);
                    }
                }
                if (multiplies_sums) {
                    PN_UNROLL for (int t = 0; t < T; t++) {
                        pn_vi product = vi_times_low_nibbles(sum[t], nibbles);
                        sum[t] = half == 0 ? product : vi_add(first_product[t], product);
                        first_product[t] = product;
                    }
                }
                if (PN_SUMS_HALVES(F)) {
                    // The bias times a scale is exact, so that one operation takes it off and scales without rounding twice.
                    pn_vf scale = pn_scale(unit + layout.scales, j, half, F), bias = vf_set1(PN_FLOAT_BIAS_VALUE);
                    pn_vf scaled_bias = vf_sub(vf_zero(), vf_mul(bias, scale));
                    PN_UNROLL for (int t = 0; t < T; t++) {
                        pn_vf dot = vf_of_bits(sum[t]);
                        scaled[t] = half == 0 ? vf_fma(dot, scale, scaled_bias) : vf_fma(vf_sub(dot, bias), scale, scaled[t]);
                    }
                }
            }
            if (PN_SUMS_HALVES(F)) {
                PN_UNROLL for (int t = 0; t < T; t++) acc[t] = vf_fma(scaled[t], vf_set1(scales[t]), acc[t]);
            } else if (PN_HAS_WHOLE_SCALES(F)) {
                PN_UNROLL for (int t = 0; t < T; t++) {
                    unit_sum[t] = vf_fma(vf_from_vi(sum[t]), vf_set1(scales[t]), unit_sum[t]);
                }
            } else {
                pn_vf scale = pn_scale(unit + layout.scales, j, 0, F);
                PN_UNROLL for (int t = 0; t < T; t++) {
                    acc[t] = vf_fma(vf_from_vi(sum[t]), vf_mul(scale, vf_set1(scales[t])), acc[t]);
                }
            }
            if (PN_HAS_MINIMUM(F)) {
                PN_UNROLL for (int half = 0; half <= PN_IS_SPLIT(F); half++) {
                    pn_vf minimum = PN_HAS_WHOLE_SCALES(F)
                        ? vf_mul(scale_of_minima, vf_load_high_nibbles(pn_nibbles(unit + layout.scales, j, half)))
                        : pn_minimum(unit + layout.scales, j, half, unit_blocks, F);
                    PN_UNROLL for (int t = 0; t < T; t++) {
                        const float x = !PN_IS_SPLIT(F) ? scaled_sums[t]
                            : is_small ? (float)minus_sums[half * PN_TILE_TOKENS + lane + t] * scales[t]
                                       : half_sum[half * PN_TILE_TOKENS + t];
                        acc[t] = vf_fma(minimum, vf_set1(x), acc[t]);
                    }
                }
            }
            quants += PN_TILE_TOKENS * PN_BLOCK_COLUMNS;
            scales += PN_TILE_TOKENS;
            scaled_sums += PN_TILE_TOKENS;
            minus_sums += 2 * PN_TILE_TOKENS;
        }
        if (PN_HAS_WHOLE_SCALES(F)) {
            pn_vf scale = vf_load_half((const uint16_t *)(unit + layout.scales));
            PN_UNROLL for (int t = 0; t < T; t++) acc[t] = vf_fma(unit_sum[t], scale, acc[t]);
        }
        left -= here;
    }
    const size_t tile = token / PN_TILE_TOKENS, capacity = pn_outlier_capacity(m->columns);
    const int32_t *columns = m->q.outlier_columns + tile * capacity;
    const float *values = m->q.outlier_values + tile * capacity * PN_TILE_TOKENS + token % PN_TILE_TOKENS;
    for (int32_t i = 0; i < m->q.outliers[tile]; i++, values += PN_TILE_TOKENS) {
        pn_vf w = pn_column(group, (size_t)columns[i], F);
        // A token without an outlier there adds 0, which changes nothing.
        PN_UNROLL for (int t = 0; t < T; t++) acc[t] = vf_fma(w, vf_set1(values[t]), acc[t]);
    }
    PN_UNROLL for (int t = 0; t < T; t++) vf_store(out + t * m->out_stride, acc[t]);
}

PN_INLINE void pn_tile_float(const pn_matmul *m, const uint8_t *group, const size_t token, const int T, float *out,
    const int ahead, const pn_format F) {
    const float *x = m->x + token * m->x_stride;
    pn_vf acc[PN_TILE];
    PN_UNROLL for (int t = 0; t < T; t++) acc[t] = vf_zero();
    for (size_t c = 0; c < m->columns; c++) {
        if (ahead) __builtin_prefetch(group + PN_PREFETCH_BYTES + c * pn_traits[F].layout.bytes);
        pn_vf w = F == PN_F32 ? vf_load((const float *)group + c * PN_LANES)
            : F == PN_F16     ? vf_load_half((const uint16_t *)group + c * PN_LANES)
                              : vf_load_bf16((const uint16_t *)group + c * PN_LANES);
        PN_UNROLL for (int t = 0; t < T; t++) acc[t] = vf_fma(w, vf_set1(x[t * m->x_stride + c]), acc[t]);
    }
    PN_UNROLL for (int t = 0; t < T; t++) vf_store(out + t * m->out_stride, acc[t]);
}

/// The last tokens of a chunk, fewer than a tile has: compiled for each count.
#if PN_IS_ONE_TILE
#define PN_LAST_TOKENS(tile, F) if (t < end) tile(m, group, t, (int)(end - t), out + t * m->out_stride, t == 0, F)
#else
#define PN_LAST_TOKENS(tile, F) \
    switch (end - t) { \
    case 1: tile(m, group, t, 1, out + t * m->out_stride, t == 0, F); break; \
    case 2: tile(m, group, t, PN_TILE >= 2 ? 2 : 1, out + t * m->out_stride, t == 0, F); break; \
    case 3: tile(m, group, t, PN_TILE >= 3 ? 3 : 1, out + t * m->out_stride, t == 0, F); break; \
    case 4: tile(m, group, t, PN_TILE >= 4 ? 4 : 1, out + t * m->out_stride, t == 0, F); break; \
    case 5: tile(m, group, t, PN_TILE >= 5 ? 5 : 1, out + t * m->out_stride, t == 0, F); break; \
    case 6: tile(m, group, t, PN_TILE >= 6 ? 6 : 1, out + t * m->out_stride, t == 0, F); break; \
    case 7: tile(m, group, t, PN_TILE >= 7 ? 7 : 1, out + t * m->out_stride, t == 0, F); break; \
    default: break; \
    }
#endif

/// The loop over tokens and row groups around a tile.
#define PN_DEFINE_MATMUL(name, tile, F) \
    static void PN_NAME(matmul_##name)(const pn_matmul *m, size_t first_group, size_t group_count) { \
        for (size_t start = 0; start < m->tokens; start += PN_CHUNK_TOKENS) { \
            const size_t end = m->tokens - start < PN_CHUNK_TOKENS ? m->tokens : start + PN_CHUNK_TOKENS; \
            for (size_t g = first_group; g < first_group + group_count; g++) { \
                const uint8_t *group = m->weights + g * m->group_bytes; \
                float *out = m->out + g * PN_GROUP_ROWS; \
                size_t t = start; \
                for (; t + PN_TILE <= end; t += PN_TILE) { \
                    tile(m, group, t, PN_TILE, out + t * m->out_stride, t == 0, F); \
                } \
                PN_LAST_TOKENS(tile, F); \
            } \
        } \
    }

#define PN_MATMUL_ROW(format, kernel, tile, ...) PN_DEFINE_MATMUL(kernel, tile, format)
PN_FORMATS(PN_MATMUL_ROW)
#undef PN_MATMUL_ROW
