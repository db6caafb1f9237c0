// Matrix products: one tile body for all quantised formats, one for all float formats.
//
// Nothing here may depend on how many tokens or row groups a call covers: each output is accumulated alone, over the
// columns in order and then over the token's outliers in order, so a result is the same whatever stands beside it.

/// Bits of a quant.
#define PN_BITS(F) (pn_traits[F].bits)
/// log2 of the zero point; 0 where the format has minima.
#define PN_ZERO_SHIFT(F) (pn_traits[F].zero_shift)
#define PN_SCALING(F) (pn_traits[F].scaling)
#define PN_IS_CODED(F) (pn_traits[F].codes != PN_LINEAR)
/// Whether weights of all 256 values reach the dot products, which not every instruction set takes as they are.
#define PN_IS_Q8(F) (PN_ZERO_SHIFT(F) == 7)
/// The zero point for the dot products, some of which take signed bytes.
#define PN_START_SHIFT(F) (PN_IS_Q8(F) && PN_SIGNED_BYTES ? 0 : PN_ZERO_SHIFT(F))
#define PN_HAS_MINIMUM(F) (PN_ZERO_SHIFT(F) == 0)
/// Whether the two halves of a block have scales of their own.
#define PN_IS_SPLIT(F) \
    (PN_SCALING(F) == PN_SPLIT_SCALES || PN_SCALING(F) == PN_SPLIT_NIBBLES || PN_SCALING(F) == PN_SPLIT_FLOATS)

/// Added to an integer below 2^22 in magnitude it makes the bits of the float that is 1.5 * 2^23 more than that integer.
#define PN_FLOAT_BIAS 0x4b400000
#define PN_FLOAT_BIAS_VALUE 12582912.0f

enum {
    PN_REGISTER_BYTES = 64,
    /// Tokens whose activations stay in the second-level cache while a range of row groups passes over them.
    PN_CHUNK_TOKENS = 128,
    /// How far ahead the weights are asked for: the next page, which the hardware does not foresee.
    PN_PREFETCH_BYTES = 4096,
};

/// Register `r` (0...3) of a block's half: the quants of step 4 * half + r, as they are stored.
PN_INLINE pn_vb pn_stored_quants(const uint8_t *block, const int half, const int r, const pn_format F) {
    if (PN_BITS(F) == 8) return vb_load(block + (4 * half + r) * PN_REGISTER_BYTES);
    if (PN_BITS(F) < 4) {
        pn_vb pairs = vb_two_bits(vb_load(block + half * PN_REGISTER_BYTES), r);
        if (PN_BITS(F) == 2) return pairs;
        return vb_or_bit(pairs, vb_load(block + 2 * PN_REGISTER_BYTES), 4 * half + r, 2);
    }
    pn_vb packed = vb_load(block + r * PN_REGISTER_BYTES);
    pn_vb low = half == 0 ? vb_low(packed) : vb_high(packed);
    if (PN_BITS(F) == 5) return vb_or_bit(low, vb_load(block + 4 * PN_REGISTER_BYTES), 4 * half + r, 4);
    if (PN_BITS(F) == 6) return vb_or_two_bits(low, vb_load(block + (4 + half) * PN_REGISTER_BYTES), r);
    return low;
}

/// What the codes of a unit stand for, raised by the zero point.
PN_INLINE pn_vb pn_values(const uint8_t *scales, const pn_format F) {
    return vb_table(pn_traits[F].codes == PN_OWN ? scales + 4 * PN_LANES : pn_traits[F].values);
}

/// The same as the dot products take them.
PN_INLINE pn_vb pn_quants(const uint8_t *block, const uint8_t *scales, const int half, const int r, const pn_format F) {
    pn_vb quants = pn_stored_quants(block, half, r, F);
    if (!PN_IS_CODED(F)) return PN_IS_Q8(F) ? vb_prepare_q8(quants) : quants;
    // The table is prepared, once for all of them, not what is looked up in it.
    pn_vb values = pn_values(scales, F);
    return vb_lookup(PN_IS_Q8(F) ? vb_prepare_q8(values) : values, quants);
}

/// The scales of the 16 rows, for one half of block `j` of a unit.
PN_INLINE pn_vf pn_scale(const uint8_t *scales, const size_t j, const int half, const pn_format F) {
    const uint16_t *halves = (const uint16_t *)scales;
    // Bytes follow one or two rows of halves.
    const uint8_t *after_one = scales + 2 * PN_LANES, *after_two = scales + 4 * PN_LANES;
    switch (PN_SCALING(F)) {
    case PN_BRAIN_SCALES: return vf_load_bf16(halves + j * PN_LANES);
    case PN_SUB_SCALES: return vf_mul(vf_load_half(halves), vf_load_u8(after_two + j * PN_LANES));
    case PN_SIGNED_SCALES: return vf_mul(vf_load_half(halves), vf_load_i8(after_one + j * PN_LANES));
    case PN_SPLIT_SCALES: return vf_mul(vf_load_half(halves), vf_load_i8(after_one + (2 * j + half) * PN_LANES));
    case PN_SPLIT_FLOATS:
        return vf_mul(vf_load((const float *)scales), vf_load_i8(scales + 8 * PN_LANES + (2 * j + half) * PN_LANES));
    case PN_SPLIT_NIBBLES:
        return vf_mul(vf_load_half(halves), vf_load_low_nibbles(after_two + (2 * j + half) * PN_LANES));
    default: return vf_load_half(halves + j * PN_LANES);
    }
}

/// What is added per column, for the 16 rows and one half of block `j` of a unit.
PN_INLINE pn_vf pn_minimum(const uint8_t *scales, const size_t j, const int half, const size_t blocks, const pn_format F) {
    const uint16_t *halves = (const uint16_t *)scales;
    if (PN_SCALING(F) == PN_HALF_SCALES) return vf_load_half(halves + (blocks + j) * PN_LANES);
    const uint8_t *bytes = scales + 4 * PN_LANES;
    pn_vf sub_minimum = PN_IS_SPLIT(F) ? vf_load_high_nibbles(bytes + (2 * j + half) * PN_LANES)
                                       : vf_load_u8(bytes + (blocks + j) * PN_LANES);
    return vf_sub(vf_zero(), vf_mul(vf_load_half(halves + PN_LANES), sub_minimum));
}

/// One column's quants of the 16 rows, from byte `lane` of the registers of step 4 * half + r.
PN_INLINE pn_vi pn_column_quants(const uint8_t *block, const int half, const size_t r, const size_t lane,
    const pn_format F) {
    if (PN_BITS(F) == 8) return vi_bits(vb_load(block + (4 * half + r) * PN_REGISTER_BYTES), 8 * lane, 8);
    if (PN_BITS(F) < 4) {
        pn_vi pairs = vi_bits(vb_load(block + half * PN_REGISTER_BYTES), 8 * lane + 2 * r, 2);
        if (PN_BITS(F) == 2) return pairs;
        return vi_or_shifted(pairs, vi_bits(vb_load(block + 2 * PN_REGISTER_BYTES), 8 * lane + 4 * half + r, 1), 2);
    }
    pn_vi low = vi_bits(vb_load(block + r * PN_REGISTER_BYTES), 8 * lane + 4 * half, 4);
    if (PN_BITS(F) == 5) {
        return vi_or_shifted(low, vi_bits(vb_load(block + 4 * PN_REGISTER_BYTES), 8 * lane + 4 * half + r, 1), 4);
    }
    if (PN_BITS(F) == 6) {
        return vi_or_shifted(low, vi_bits(vb_load(block + (4 + half) * PN_REGISTER_BYTES), 8 * lane + 2 * r, 2), 4);
    }
    return low;
}

/// One column's weights of the 16 rows as floats.
PN_INLINE pn_vf pn_column(const uint8_t *group, const size_t column, const pn_format F) {
    const pn_layout layout = pn_traits[F].layout;
    const uint8_t *unit = group + column / layout.columns * layout.bytes;
    const size_t within = column % layout.columns, j = within / PN_BLOCK_COLUMNS, c = within % PN_BLOCK_COLUMNS;
    const int half = c >= 16;
    pn_vi quant = pn_column_quants(unit + j * layout.block_bytes, half, c / 4 % 4, c % 4, F);
    const uint8_t *scales = unit + layout.scales;
    if (PN_IS_CODED(F)) quant = vi_lookup(pn_values(scales, F), quant);
    const size_t blocks = layout.columns / PN_BLOCK_COLUMNS;
    pn_vf value = vf_from_vi(quant);
    if (PN_HAS_MINIMUM(F)) return vf_fma(value, pn_scale(scales, j, half, F), pn_minimum(scales, j, half, blocks, F));
    return vf_mul(vf_sub(value, vf_set1((float)(1 << PN_ZERO_SHIFT(F)))), pn_scale(scales, j, half, F));
}

/// What the sums of a block, or of each half of it, start from: minus the zero point times the activations, [2, 8].
///
/// - minus_sums: the block's, of the 8 tokens of the tile
///
/// A start is read from memory, from where a vector is filled for nothing; shifted by itself for each token and half it
/// took 3 of 14 operations for a block and a token. Sums that are scaled half by half start from PN_FLOAT_BIAS, so that they
/// end as floats.
PN_INLINE void pn_starts(const int32_t *minus_sums, int32_t *starts, const pn_format F) {
    pn_vi sums = vi_shift_left(vi_load(minus_sums), PN_START_SHIFT(F));
    vi_store(starts, PN_IS_SPLIT(F) ? vi_add(sums, vi_set1(PN_FLOAT_BIAS)) : vi_fold(sums));
}

/// What one half's sum of a token starts from.
PN_INLINE pn_vi pn_start(const volatile int32_t *start, const pn_format F) {
    // Volatile, or else the compiler would take the numbers from registers again, with an operation for each.
    if (PN_START_SHIFT(F) > 0) return vi_set1(*start);
    return PN_IS_SPLIT(F) ? vi_set1(PN_FLOAT_BIAS) : vi_zero();
}

/// The sums of the activations of each half of a block, [2, 8].
PN_INLINE void pn_half_sums(const int32_t *minus_sums, const float *scales, float *half_sums) {
    pn_vf sums = vf_sub(vf_zero(), vf_from_vi(vi_load(minus_sums)));
    vf_store(half_sums, vf_mul(sums, vf_load_eight_twice(scales)));
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
    const uint8_t *unit = group;
    for (size_t left = m->q.blocks; left > 0; unit += layout.bytes) {
        const size_t here = left < unit_blocks ? left : unit_blocks;
        for (size_t j = 0; j < here; j++) {
            const uint8_t *block = unit + j * layout.block_bytes;
            if (ahead) {
                // A block at a time: many at once would wait for each other.
                const size_t end = j + 1 == unit_blocks ? layout.bytes - j * layout.block_bytes : layout.block_bytes;
                for (size_t line = 0; line < end; line += PN_REGISTER_BYTES) {
                    __builtin_prefetch(block + PN_PREFETCH_BYTES + line);
                }
            }
            _Alignas(64) int32_t starts[2 * PN_TILE_TOKENS];
            _Alignas(64) float half_sums[2 * PN_TILE_TOKENS];
            if (PN_START_SHIFT(F) > 0) pn_starts(minus_sums, starts, F);
            if (PN_HAS_MINIMUM(F) && PN_IS_SPLIT(F)) pn_half_sums(minus_sums, scales - lane, half_sums);
            const volatile float *half_sum = half_sums + lane;
            pn_vi sum[PN_TILE];
            pn_vf scaled[PN_TILE];
            PN_UNROLL for (int half = 0; half < 2; half++) {
                if (half == 0 || PN_IS_SPLIT(F)) {
                    PN_UNROLL for (int t = 0; t < T; t++) {
                        sum[t] = pn_start(starts + half * PN_TILE_TOKENS + lane + t, F);
                    }
                }
                PN_UNROLL for (int r = 0; r < 4; r++) {
                    pn_vb w = pn_quants(block, unit + layout.scales, half, r, F);
                    PN_UNROLL for (int t = 0; t < T; t++) {
                        const int8_t *a = quants + t * PN_BLOCK_COLUMNS + 16 * half + 4 * r;
                        sum[t] = PN_IS_Q8(F) ? vi_dot_q8(sum[t], w, a) : vi_dot(sum[t], w, a);
                        // Left to itself clang puts each token's products next to each other, where each waits for the
                        // one before it; that cost 15 % of a prompt's products in Q4_0 and 6 % in Q4_1.
                        if (T > 1) VI_KEEP_ORDER(sum[t]);
                    }
                }
                if (PN_IS_SPLIT(F)) {
                    // The bias times a scale is exact, so that one operation takes it off and scales without rounding twice.
                    pn_vf scale = pn_scale(unit + layout.scales, j, half, F), bias = vf_set1(PN_FLOAT_BIAS_VALUE);
                    pn_vf scaled_bias = vf_sub(vf_zero(), vf_mul(bias, scale));
                    PN_UNROLL for (int t = 0; t < T; t++) {
                        pn_vf dot = vf_of_bits(sum[t]);
                        scaled[t] = half == 0 ? vf_fma(dot, scale, scaled_bias) : vf_fma(vf_sub(dot, bias), scale, scaled[t]);
                    }
                }
            }
            if (PN_IS_SPLIT(F)) {
                PN_UNROLL for (int t = 0; t < T; t++) acc[t] = vf_fma(scaled[t], vf_set1(scales[t]), acc[t]);
            } else {
                pn_vf scale = pn_scale(unit + layout.scales, j, 0, F);
                PN_UNROLL for (int t = 0; t < T; t++) {
                    acc[t] = vf_fma(vf_from_vi(sum[t]), vf_mul(scale, vf_set1(scales[t])), acc[t]);
                }
            }
            if (PN_HAS_MINIMUM(F)) {
                PN_UNROLL for (int half = 0; half <= PN_IS_SPLIT(F); half++) {
                    pn_vf minimum = pn_minimum(unit + layout.scales, j, half, unit_blocks, F);
                    PN_UNROLL for (int t = 0; t < T; t++) {
                        const float x = PN_IS_SPLIT(F) ? half_sum[half * PN_TILE_TOKENS + t] : scaled_sums[t];
                        acc[t] = vf_fma(minimum, vf_set1(x), acc[t]);
                    }
                }
            }
            quants += PN_TILE_TOKENS * PN_BLOCK_COLUMNS;
            scales += PN_TILE_TOKENS;
            scaled_sums += PN_TILE_TOKENS;
            minus_sums += 2 * PN_TILE_TOKENS;
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
