// Attention over the block cache.
//
// A tile is up to PN_QUERY_TILE queries: the heads that share a KV head, of one token or of several consecutive ones. It
// passes over the cache in chunks of PN_CHUNK_KEYS tokens: all scores of the chunk, then their softmax against the
// running maximum, then the weighted values. Each score is summed over the dimensions in order and each output over
// the tokens in order, and what a query may not see has the weight 0, so a result is the same in every tile.
//
// Floats and halves differ in their loads alone. Bytes (q8) go the same way. Their scales stay out of the innermost
// loops: a group's scale multiplies its part of a score, or the weight of its values. So little is left to read that
// the wait for it shows, and the first tile asks ahead: for the chunk's values while it reads the keys, then for the
// next chunk's keys. Halves gained by that in some shapes and lost as much in others.
//
// A window and a soft cap are compiled in or left out (PN_PLAIN, PN_WINDOW, PN_CAPPED), so that models without them pay
// nothing. With a window a tile begins at the chunk that its first query's window begins in. Chunks begin at multiples of
// PN_CHUNK_KEYS whatever the window, and one that a query may not see at all leaves its maximum, total and sums as they
// were: so a result does not depend on the tile's other queries.
//
// A sink is one more score of a query, whose value is 0. Maximum and total begin with it instead of with nothing, so
// that models without sinks pay a comparison a tile, and no sink overflows, however far from the scores it lies.

enum {
    PN_CHUNK_KEYS = 128,
    /// Vectors of values that share their scales.
    PN_GROUP_VECTORS = PN_BLOCK_COLUMNS / PN_LANES,
};

/// What the cache's keys and values are.
typedef enum pn_element { PN_ELEMENT_F32, PN_ELEMENT_F16, PN_ELEMENT_Q8 } pn_element;

/// What is compiled into a tile beside the softmax of scores: a window; a window and a soft cap.
typedef enum pn_variant { PN_PLAIN, PN_WINDOW, PN_CAPPED } pn_variant;

/// 16 of them from element `at` on, without their scales.
PN_INLINE pn_vf pn_load_elements(const void *elements, const size_t at, const pn_element E) {
    if (E == PN_ELEMENT_Q8) return vf_load_i8((const uint8_t *)elements + at);
    if (E == PN_ELEMENT_F32) return vf_load((const float *)elements + at);
    return vf_load_half((const uint16_t *)elements + at);
}

/// Block `block` of an array of the cache that starts at `first` in block 0.
PN_INLINE const void *pn_in_block(const pn_attention *a, const void *first, const size_t block) {
    return (const uint8_t *)first + (size_t)a->table[block] * a->block_stride;
}

/// What one tile keeps while it passes over the cache; `Q` of the PN_QUERY_TILE places are in use.
typedef struct PN_NAME(attention_tile) {
    /// [head_dim][Q], times the scale
    float queries[PN_MAX_HEAD_DIM * PN_QUERY_TILE];
    /// [Q][padded head_dim]
    float sums[PN_MAX_HEAD_DIM * PN_QUERY_TILE];
    /// Scores, then weights
    float weights[PN_QUERY_TILE][PN_CHUNK_KEYS];
    float highest[PN_LANES];
    float totals[PN_LANES];
    /// Tokens that each query attends to.
    size_t lengths[PN_QUERY_TILE];
    /// The first token that each query attends to; only with a window.
    size_t firsts[PN_QUERY_TILE];
    size_t longest;
    /// Whether this is the first tile to look at the cache, so that what it reads next is asked for meanwhile.
    int ahead;
} PN_NAME(attention_tile);

/// Scores of `Q` queries against `B` blocks of keys.
PN_INLINE void pn_scores(const pn_attention *a, PN_NAME(attention_tile) *tile, const size_t first_block,
    const size_t last_block, const size_t chunk_block, const int Q, const int B, const pn_element E) {
    const void *keys[PN_KEY_BLOCKS];
    const uint16_t *scales[PN_KEY_BLOCKS];
    const uint8_t *next[PN_KEY_BLOCKS];
    PN_UNROLL for (int b = 0; b < B; b++) {
        // Beyond the last block the scores are computed for nothing, and masked.
        const size_t block = first_block + b < last_block ? first_block + b : last_block;
        keys[b] = pn_in_block(a, a->keys, block);
        if (E == PN_ELEMENT_Q8) {
            scales[b] = pn_in_block(a, a->key_scales, block);
            next[b] = pn_in_block(a, tile->ahead ? a->values : a->keys, block);
        }
    }
    const float *query = tile->queries;
    const size_t span = E == PN_ELEMENT_Q8 ? PN_BLOCK_COLUMNS : a->head_dim;
    for (size_t first = 0; first < a->head_dim; first += span) {
        const size_t end = a->head_dim - first < span ? a->head_dim : first + span;
        pn_vf sum[PN_QUERY_TILE][PN_KEY_BLOCKS];
        PN_UNROLL for (int q = 0; q < Q; q++) {
            PN_UNROLL for (int b = 0; b < B; b++) sum[q][b] = vf_zero();
        }
        for (size_t d = first; d < end; d++, query += Q) {
            pn_vf k[PN_KEY_BLOCKS];
            PN_UNROLL for (int b = 0; b < B; b++) k[b] = pn_load_elements(keys[b], d * PN_LANES, E);
            if (E == PN_ELEMENT_Q8) {
                // Each cache line is asked for four times, which takes less than counting.
                PN_UNROLL for (int b = 0; b < B; b++) __builtin_prefetch(next[b] + d * PN_LANES);
            }
            PN_UNROLL for (int q = 0; q < Q; q++) {
                pn_vf x = vf_set1(query[q]);
                PN_UNROLL for (int b = 0; b < B; b++) sum[q][b] = vf_fma(k[b], x, sum[q][b]);
            }
        }
        PN_UNROLL for (int b = 0; b < B; b++) {
            pn_vf scale;
            if (E == PN_ELEMENT_Q8) scale = vf_load_half(scales[b] + first / PN_BLOCK_COLUMNS * PN_LANES);
            PN_UNROLL for (int q = 0; q < Q; q++) {
                float *score = &tile->weights[q][(chunk_block + b) * PN_LANES];
                if (E == PN_ELEMENT_Q8) sum[q][b] = vf_fma(sum[q][b], scale, first == 0 ? vf_zero() : vf_load(score));
                vf_store(score, sum[q][b]);
            }
        }
    }
}

/// `fill` in the lanes of tokens before query q's window.
PN_INLINE pn_vf pn_hide_before(const PN_NAME(attention_tile) *tile, const int q, const size_t position, pn_vf x, pn_vf fill) {
    const size_t first = tile->firsts[q];
    if (position >= first) return x;
    return vf_keep_first(fill, first - position < PN_LANES ? first - position : PN_LANES, x);
}

/// Turns the scores of a chunk into weights and brings maximum, total and sums up to it.
PN_INLINE void pn_soften(const pn_attention *a, PN_NAME(attention_tile) *tile, const size_t start, const size_t blocks,
    const size_t padded, const int Q, const pn_variant V) {
    const pn_vf nothing = vf_set1(-__builtin_inff());
    float highest[PN_LANES];
    vf_store(highest, vf_load(tile->highest));
    PN_UNROLL for (int q = 0; q < Q; q++) {
        pn_vf best = nothing;
        for (size_t b = 0; b < blocks; b++) {
            const size_t position = start + b * PN_LANES;
            pn_vf score = vf_load(&tile->weights[q][b * PN_LANES]);
            if (V == PN_CAPPED) {
                score = vf_soft_cap(score, vf_set1(a->soft_cap), vf_set1(1 / a->soft_cap));
                vf_store(&tile->weights[q][b * PN_LANES], score);
            }
            if (V != PN_PLAIN && position < tile->firsts[q]) {
                score = pn_hide_before(tile, q, position, score, nothing);
                vf_store(&tile->weights[q][b * PN_LANES], score);
            }
            if (position + PN_LANES > tile->lengths[q]) {
                score = vf_keep_first(score, tile->lengths[q] > position ? tile->lengths[q] - position : 0, nothing);
                vf_store(&tile->weights[q][b * PN_LANES], score);
            }
            best = vf_max(score, best);
        }
        const float largest = vf_reduce_max(best);
        highest[q] = highest[q] > largest ? highest[q] : largest;
    }
    float corrections[PN_LANES];
    vf_store(corrections, vf_exp(vf_sub(vf_load(tile->highest), vf_load(highest))));
    vf_store(tile->highest, vf_load(highest));
    PN_UNROLL for (int q = 0; q < Q; q++) {
        const pn_vf shift = vf_set1(highest[q]), correction = vf_set1(corrections[q]);
        pn_vf total = vf_zero();
        for (size_t b = 0; b < blocks; b++) {
            pn_vf weight = vf_exp(vf_sub(vf_load(&tile->weights[q][b * PN_LANES]), shift));
            vf_store(&tile->weights[q][b * PN_LANES], weight);
            total = vf_add(total, weight);
        }
        tile->totals[q] = tile->totals[q] * corrections[q] + vf_reduce_add(total);
        float *sums = tile->sums + q * padded;
        for (size_t d = 0; d < padded; d += PN_LANES) vf_store(sums + d, vf_mul(vf_load(sums + d), correction));
    }
}

/// The weights of 16 tokens from `position` on, times the scales of the groups of `D` vectors of values.
PN_INLINE void pn_scale_weights(const PN_NAME(attention_tile) *tile, const uint16_t *scales, const size_t start,
    const size_t first, float scaled[PN_QUERY_TILE][PN_KEY_BLOCKS][PN_LANES], const int Q, const int D, const pn_variant V) {
    const size_t position = start + first;
    PN_UNROLL for (int v = 0; v < D; v += PN_GROUP_VECTORS) {
        pn_vf scale = vf_load_half(scales + v / PN_GROUP_VECTORS * PN_LANES);
        PN_UNROLL for (int q = 0; q < Q; q++) {
            pn_vf weight = vf_mul(vf_load(&tile->weights[q][first]), scale);
            if (position + PN_LANES > tile->lengths[q]) {
                // A scale that a query may not see may be NaN.
                const size_t seen = tile->lengths[q] > position ? tile->lengths[q] - position : 0;
                weight = vf_keep_first(weight, seen, vf_zero());
            }
            if (V != PN_PLAIN) weight = pn_hide_before(tile, q, position, weight, vf_zero());
            vf_store(scaled[q][v / PN_GROUP_VECTORS], weight);
        }
    }
}

/// Adds the weighted values of a chunk, `D` vectors of dimensions from `d` on.
PN_INLINE void pn_gather(const pn_attention *a, PN_NAME(attention_tile) *tile, const size_t start, const size_t tokens,
    const size_t padded, const size_t d, const int Q, const int D, const pn_element E, const pn_variant V) {
    pn_vf sum[PN_QUERY_TILE][PN_KEY_BLOCKS];
    PN_UNROLL for (int q = 0; q < Q; q++) {
        PN_UNROLL for (int v = 0; v < D; v++) sum[q][v] = vf_load(tile->sums + q * padded + d + v * PN_LANES);
    }
    for (size_t first = 0; first < tokens; first += PN_CACHE_BLOCK_TOKENS) {
        const size_t block = (start + first) / PN_CACHE_BLOCK_TOKENS;
        const void *values = pn_in_block(a, a->values, block);
        const uint8_t *next = values;
        float scaled[PN_QUERY_TILE][PN_KEY_BLOCKS][PN_LANES];
        if (E == PN_ELEMENT_Q8) {
            // Several vectors begin with a group; a single one may be its second.
            const uint16_t *scales = pn_in_block(a, a->value_scales, block);
            pn_scale_weights(tile, scales + d / PN_BLOCK_COLUMNS * PN_LANES, start, first, scaled, Q, D, V);
            const size_t later = block + PN_CHUNK_KEYS / PN_CACHE_BLOCK_TOKENS;
            if (tile->ahead && later * PN_CACHE_BLOCK_TOKENS < tile->longest) {
                next = (const uint8_t *)pn_in_block(a, a->keys, later) + d * PN_LANES;
                __builtin_prefetch((const uint8_t *)pn_in_block(a, a->key_scales, later) + d);
            }
        }
        const size_t here = tokens - first < PN_CACHE_BLOCK_TOKENS ? tokens - first : PN_CACHE_BLOCK_TOKENS;
        for (size_t i = 0; i < here; i++) {
            if (E == PN_ELEMENT_Q8) __builtin_prefetch(next + i * D * PN_LANES);
            pn_vf value[PN_KEY_BLOCKS];
            PN_UNROLL for (int v = 0; v < D; v++) value[v] = pn_load_elements(values, i * padded + d + v * PN_LANES, E);
            PN_UNROLL for (int q = 0; q < Q; q++) {
                PN_UNROLL for (int v = 0; v < D; v++) {
                    const float *weights = E == PN_ELEMENT_Q8 ? scaled[q][v / PN_GROUP_VECTORS] : &tile->weights[q][first];
                    sum[q][v] = vf_fma(value[v], vf_set1(weights[i]), sum[q][v]);
                }
            }
        }
    }
    PN_UNROLL for (int q = 0; q < Q; q++) {
        PN_UNROLL for (int v = 0; v < D; v++) vf_store(tile->sums + q * padded + d + v * PN_LANES, sum[q][v]);
    }
}

/// Brings maximum and total up to the sinks of the tile's queries.
PN_INLINE void pn_begin_with_sinks(const pn_attention *a, PN_NAME(attention_tile) *tile, const size_t first,
    const size_t count, const int Q) {
    PN_UNROLL for (int q = 0; q < Q; q++) {
        const float sink = a->sinks[(first + ((size_t)q < count ? (size_t)q : count - 1)) % a->heads];
        // Infinity less itself is NaN, so the least number stands for negative infinity.
        tile->highest[q] = sink < -__FLT_MAX__ ? -__FLT_MAX__ : sink;
        tile->totals[q] = 1;
    }
}

/// `count` queries from `first` on, counted over tokens and heads, in a tile compiled for `Q`.
PN_TILE_BODY void pn_attend(const pn_attention *a, const size_t first, const size_t count, const int Q, const pn_element E,
    const pn_variant V) {
    // Few queries take more keys at once, so that enough sums are under way.
    const int B = PN_KEY_BLOCKS_FOR(Q);
    const size_t dim = a->head_dim, padded = (dim + PN_LANES - 1) / PN_LANES * PN_LANES;
    PN_NAME(attention_tile) tile;
    float *outs[PN_QUERY_TILE];
    tile.longest = 0;
    tile.ahead = first == 0;
    PN_UNROLL for (int q = 0; q < Q; q++) {
        // Places beyond the count repeat the last query.
        const size_t index = first + ((size_t)q < count ? (size_t)q : count - 1);
        const size_t token = index / a->heads, head = index % a->heads;
        const float *query = a->queries + token * a->query_stride + head * dim;
        for (size_t d = 0; d < dim; d++) tile.queries[d * Q + q] = query[d] * a->scale;
        outs[q] = a->out + token * a->out_stride + head * dim;
        tile.lengths[q] = a->length + token;
        if (tile.lengths[q] > tile.longest) tile.longest = tile.lengths[q];
        if (V != PN_PLAIN) tile.firsts[q] = tile.lengths[q] > a->window ? tile.lengths[q] - a->window : 0;
    }
    for (size_t i = 0; i < Q * padded; i += PN_LANES) vf_store(tile.sums + i, vf_zero());
    // The least number, where a chunk may be hidden whole: less itself it is 0, while infinity less itself is NaN.
    vf_store(tile.highest, vf_set1(V == PN_PLAIN ? -__builtin_inff() : -__FLT_MAX__));
    vf_store(tile.totals, vf_zero());
    if (a->sinks) pn_begin_with_sinks(a, &tile, first, count, Q);
    // Lengths ascend from query to query, and so do the beginnings of their windows.
    const size_t begin = V == PN_PLAIN ? 0 : tile.firsts[0] / PN_CHUNK_KEYS * PN_CHUNK_KEYS;
    for (size_t start = begin; start < tile.longest; start += PN_CHUNK_KEYS) {
        const size_t tokens = tile.longest - start < PN_CHUNK_KEYS ? tile.longest - start : PN_CHUNK_KEYS;
        const size_t blocks = (tokens + PN_CACHE_BLOCK_TOKENS - 1) / PN_CACHE_BLOCK_TOKENS;
        const size_t first_block = start / PN_CACHE_BLOCK_TOKENS, last_block = first_block + blocks - 1;
        for (size_t b = 0; b < blocks; b += B) pn_scores(a, &tile, first_block + b, last_block, b, Q, B, E);
        pn_soften(a, &tile, start, blocks, padded, Q, V);
        size_t d = 0;
        for (; d + B * PN_LANES <= padded; d += B * PN_LANES) {
            pn_gather(a, &tile, start, tokens, padded, d, Q, B, E, V);
        }
        for (; d < padded; d += PN_LANES) pn_gather(a, &tile, start, tokens, padded, d, Q, 1, E, V);
    }
    for (size_t q = 0; q < count; q++) {
        const pn_vf inverse = vf_set1(1 / tile.totals[q]);
        for (size_t d = 0; d < dim; d += PN_LANES) {
            vf_store_upto(outs[q] + d, dim - d, vf_mul(vf_load(tile.sums + q * padded + d), inverse));
        }
    }
}

PN_INLINE void pn_attend_all(const pn_attention *a, const pn_element E, const pn_variant V) {
    const size_t queries = a->tokens * a->heads;
    for (size_t first = 0, count; first < queries; first += count) {
        count = queries - first < PN_QUERY_TILE ? queries - first : PN_QUERY_TILE;
#if PN_IS_ONE_TILE
        pn_attend(a, first, count, (int)count, E, V);
#else
        switch (count) {
        case 1: pn_attend(a, first, count, 1, E, V); break;
        case 2: pn_attend(a, first, count, 2, E, V); break;
        case 3: pn_attend(a, first, count, 3, E, V); break;
        case 4: pn_attend(a, first, count, 4, E, V); break;
        case 5:
        case 6: pn_attend(a, first, count, 6, E, V); break;
#if PN_QUERY_TILE > 6
        case 7:
        case 8: pn_attend(a, first, count, 8, E, V); break;
        default: pn_attend(a, first, count, PN_QUERY_TILE, E, V); break;
#endif
        }
#endif
    }
}

PN_INLINE void pn_attend_any(const pn_attention *a, const pn_element E) {
    pn_attention limited = *a;
    // Without a window of its own a capped query sees all.
    if (limited.window == 0) limited.window = (size_t)-1;
    if (a->soft_cap > 0) pn_attend_all(&limited, E, PN_CAPPED);
    else if (a->window > 0) pn_attend_all(a, E, PN_WINDOW);
    else pn_attend_all(a, E, PN_PLAIN);
}

static void PN_NAME(attention_f32)(const pn_attention *a) { pn_attend_any(a, PN_ELEMENT_F32); }
static void PN_NAME(attention_f16)(const pn_attention *a) { pn_attend_any(a, PN_ELEMENT_F16); }
static void PN_NAME(attention_q8)(const pn_attention *a) { pn_attend_any(a, PN_ELEMENT_Q8); }
