// Matrix products: one tile body for all quantised formats, one for all float formats.
//
// Nothing here may depend on how many tokens or row groups a call covers: each output is accumulated alone, over the
// columns in order and then over the token's outliers in order, so a result is the same whatever stands beside it.

/// Bits of a quant.
#define PN_BITS(F) (pn_traits[F].bits)
/// log2 of the zero point; 0 where the format has minima.
#define PN_ZERO_SHIFT(F) (pn_traits[F].zero_shift)
/// The same for the dot products, some of which take signed bytes.
#define PN_START_SHIFT(F) (PN_BITS(F) == 8 && PN_SIGNED_BYTES ? 0 : PN_ZERO_SHIFT(F))
#define PN_HAS_MINIMUM(F) (PN_ZERO_SHIFT(F) == 0)
#define PN_IS_K(F) ((F) == PN_Q4_K || (F) == PN_Q5_K || (F) == PN_Q6_K)
/// Whether the two halves of a block have scales of their own.
#define PN_SPLIT_SCALES(F) ((F) == PN_Q6_K)

enum {
    PN_REGISTER_BYTES = 64,
    /// Tokens whose activations stay in the second-level cache while a range of row groups passes over them.
    PN_CHUNK_TOKENS = 128,
    /// How far ahead the weights are asked for: the next page, which the hardware does not foresee.
    PN_PREFETCH_BYTES = 4096,
};

/// Register `r` (0...3) of a block's half: the quants of step 4 * half + r.
PN_INLINE pn_vb pn_quants(const uint8_t *block, const int half, const int r, const pn_format F) {
    if (PN_BITS(F) == 8) return vb_prepare_q8(vb_load(block + (4 * half + r) * PN_REGISTER_BYTES));
    pn_vb packed = vb_load(block + r * PN_REGISTER_BYTES);
    pn_vb low = half == 0 ? vb_low(packed) : vb_high(packed);
    if (PN_BITS(F) == 5) return vb_or_bit(low, vb_load(block + 4 * PN_REGISTER_BYTES), 4 * half + r);
    if (PN_BITS(F) == 6) return vb_or_two_bits(low, vb_load(block + (4 + half) * PN_REGISTER_BYTES), r);
    return low;
}

/// The scales of the 16 rows, for one half of block `j` of a unit.
PN_INLINE pn_vf pn_scale(const uint8_t *scales, const size_t j, const int half, const pn_format F) {
    if (F == PN_Q6_K) return vf_mul(vf_load_half((const uint16_t *)scales), vf_load_i8(scales + 32 + (2 * j + half) * 16));
    if (PN_IS_K(F)) return vf_mul(vf_load_half((const uint16_t *)scales), vf_load_u8(scales + 64 + j * 16));
    return vf_load_half((const uint16_t *)scales + j * PN_LANES);
}

/// What is added per column, for the 16 rows of block `j` of a unit.
PN_INLINE pn_vf pn_minimum(const uint8_t *scales, const size_t j, const size_t blocks, const pn_format F) {
    if (PN_IS_K(F)) {
        pn_vf minimum = vf_mul(vf_load_half((const uint16_t *)scales + PN_LANES), vf_load_u8(scales + 64 + (8 + j) * 16));
        return vf_sub(vf_zero(), minimum);
    }
    return vf_load_half((const uint16_t *)scales + (blocks + j) * PN_LANES);
}

/// One column's weights of the 16 rows as floats.
PN_INLINE pn_vf pn_column(const uint8_t *group, const size_t column, const pn_format F) {
    const pn_layout layout = pn_traits[F].layout;
    const uint8_t *unit = group + column / layout.columns * layout.bytes;
    const size_t within = column % layout.columns, j = within / PN_BLOCK_COLUMNS, c = within % PN_BLOCK_COLUMNS;
    const uint8_t *block = unit + j * layout.block_bytes;
    const size_t r = c / 4 % 4, lane = c % 4;
    const int half = c >= 16;
    pn_vi quant;
    if (PN_BITS(F) == 8) quant = vi_bits(vb_load(block + (4 * half + r) * PN_REGISTER_BYTES), 8 * lane, 8);
    else {
        quant = vi_bits(vb_load(block + r * PN_REGISTER_BYTES), 8 * lane + 4 * half, 4);
        if (PN_BITS(F) == 5) {
            quant = vi_or_shifted(quant, vi_bits(vb_load(block + 4 * PN_REGISTER_BYTES), 8 * lane + 4 * half + r, 1), 4);
        }
        if (PN_BITS(F) == 6) {
            pn_vb high = vb_load(block + (4 + half) * PN_REGISTER_BYTES);
            quant = vi_or_shifted(quant, vi_bits(high, 8 * lane + 2 * r, 2), 4);
        }
    }
    const uint8_t *scales = unit + layout.scales;
    const size_t blocks = layout.columns / PN_BLOCK_COLUMNS;
    pn_vf value = vf_from_vi(quant);
    if (PN_HAS_MINIMUM(F)) return vf_fma(value, pn_scale(scales, j, half, F), pn_minimum(scales, j, blocks, F));
    return vf_mul(vf_sub(value, vf_set1((float)(1 << PN_ZERO_SHIFT(F)))), pn_scale(scales, j, half, F));
}

/// 16 rows by T tokens from `token` on, which lie in one tile of the activations.
///
/// - ahead: whether this is the first look at these weights, so that the next ones are asked for meanwhile.
PN_INLINE void pn_tile(const pn_matmul *m, const uint8_t *group, const size_t token, const int T, float *out,
    const int ahead, const pn_format F) {
    const pn_layout layout = pn_traits[F].layout;
    const size_t unit_blocks = layout.columns / PN_BLOCK_COLUMNS;
    const size_t first = token / PN_TILE_TOKENS * m->q.blocks * PN_TILE_TOKENS + token % PN_TILE_TOKENS;
    const int8_t *quants = m->q.quants + first * PN_BLOCK_COLUMNS;
    const float *scales = m->q.scales + first, *scaled_sums = m->q.scaled_sums + first;
    const int32_t *minus_sums =
        m->q.minus_sums + token / PN_TILE_TOKENS * m->q.blocks * 2 * PN_TILE_TOKENS + token % PN_TILE_TOKENS;
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
            pn_vi sum[PN_TILE];
            PN_UNROLL for (int half = 0; half < 2; half++) {
                PN_UNROLL for (int t = 0; t < T; t++) {
                    const int32_t *start = minus_sums + half * PN_TILE_TOKENS + t;
                    pn_vi zero = PN_START_SHIFT(F) > 0 ? vi_start(start, PN_START_SHIFT(F)) : vi_zero();
                    sum[t] = half == 0 || PN_SPLIT_SCALES(F) ? zero : vi_add(sum[t], zero);
                }
                PN_UNROLL for (int r = 0; r < 4; r++) {
                    pn_vb w = pn_quants(block, half, r, F);
                    PN_UNROLL for (int t = 0; t < T; t++) {
                        const int8_t *a = quants + t * PN_BLOCK_COLUMNS + 16 * half + 4 * r;
                        sum[t] = PN_BITS(F) == 8 ? vi_dot_q8(sum[t], w, a) : vi_dot(sum[t], w, a);
                    }
                }
                if (half == 1 || PN_SPLIT_SCALES(F)) {
                    pn_vf scale = pn_scale(unit + layout.scales, j, half, F);
                    PN_UNROLL for (int t = 0; t < T; t++) {
                        acc[t] = vf_fma(vf_from_vi(sum[t]), vf_mul(scale, vf_set1(scales[t])), acc[t]);
                    }
                }
            }
            if (PN_HAS_MINIMUM(F)) {
                pn_vf minimum = pn_minimum(unit + layout.scales, j, unit_blocks, F);
                PN_UNROLL for (int t = 0; t < T; t++) acc[t] = vf_fma(minimum, vf_set1(scaled_sums[t]), acc[t]);
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

/// The loop over tokens and row groups around a tile, which is compiled once for each token count up to PN_TILE.
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
                switch (end - t) { \
                case 1: tile(m, group, t, 1, out + t * m->out_stride, t == 0, F); break; \
                case 2: tile(m, group, t, PN_TILE >= 2 ? 2 : 1, out + t * m->out_stride, t == 0, F); break; \
                case 3: tile(m, group, t, PN_TILE >= 3 ? 3 : 1, out + t * m->out_stride, t == 0, F); break; \
                case 4: tile(m, group, t, PN_TILE >= 4 ? 4 : 1, out + t * m->out_stride, t == 0, F); break; \
                case 5: tile(m, group, t, PN_TILE >= 5 ? 5 : 1, out + t * m->out_stride, t == 0, F); break; \
                case 6: tile(m, group, t, PN_TILE >= 6 ? 6 : 1, out + t * m->out_stride, t == 0, F); break; \
                case 7: tile(m, group, t, PN_TILE >= 7 ? 7 : 1, out + t * m->out_stride, t == 0, F); break; \
                default: break; \
                } \
            } \
        } \
    }

#define PN_MATMUL_ROW(format, kernel, tile, ...) PN_DEFINE_MATMUL(kernel, tile, format)
PN_FORMATS(PN_MATMUL_ROW)
#undef PN_MATMUL_ROW
