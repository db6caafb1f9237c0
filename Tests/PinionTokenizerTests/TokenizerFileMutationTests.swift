import PinionTokenizer
import TestSupport
import Testing

@Suite("Mutated tokenizer files")
struct TokenizerFileMutationTests {
    /// Small files of every class, with most kinds of steps among them.
    private static let seeds: [[UInt8]] = [
        #"""
        {"version":"1.0","truncation":null,"added_tokens":[{"id":0,"content":"<s>","special":true,"normalized":false},
        {"id":9,"content":"<|x|>","special":false,"lstrip":true,"rstrip":true,"single_word":false,"normalized":true}],
        "normalizer":{"type":"NFC"},"pre_tokenizer":{"type":"Sequence","pretokenizers":[
        {"type":"Split","pattern":{"Regex":"\\s+$|\\p{N}{1,3}"},"behavior":"Isolated","invert":false},
        {"type":"Digits","individual_digits":true},{"type":"Punctuation","behavior":"Contiguous"},
        {"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":true}]},
        "post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>","type_id":0}},
        {"Sequence":{"id":"A","type_id":0}}],"pair":[],"special_tokens":{"<s>":{"id":"<s>","ids":[0],"tokens":["<s>"]}}},
        "decoder":{"type":"ByteLevel"},"model":{"type":"BPE","dropout":null,"unk_token":null,"byte_fallback":false,
        "ignore_merges":true,"vocab":{"<s>":0,"a":1,"b":2,"ab":3,"Ġ":4,"Ġa":5,"aa":6,"t":7,"e":8},
        "merges":[["a","b"],["Ġ","a"],["a","a"]]}}
        """#,
        #"""
        {"added_tokens":[{"id":0,"content":"<unk>","special":true},{"id":1,"content":"</s>","special":true}],
        "normalizer":{"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},{"type":"Lowercase"},
        {"type":"Replace","pattern":{"String":" "},"content":"▁"},{"type":"Replace","pattern":{"Regex":"a{3,}"},"content":"aa"}]},
        "pre_tokenizer":null,"post_processor":{"type":"Sequence","processors":[
        {"type":"BertProcessing","sep":["</s>",1],"cls":["</s>",1]}]},
        "decoder":{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},
        {"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]},
        "model":{"type":"BPE","unk_token":"<unk>","fuse_unk":true,"byte_fallback":true,"vocab":{"<unk>":0,"</s>":1,"▁":2,
        "a":3,"b":4,"▁a":5,"aa":6,"<0x0A>":7,"<0xC2>":8,"<0xBD>":9,"t":10},"merges":["▁ a","a a"]}}
        """#,
        #"""
        {"added_tokens":[{"id":0,"content":"<unk>","special":true}],"normalizer":{"type":"Sequence","normalizers":[
        {"type":"Nmt"},{"type":"NFKC"},{"type":"Precompiled","precompiled_charsmap":"CAAAAAAAAAAAAAAAYQA="},
        {"type":"Strip","strip_left":true,"strip_right":true}]},"pre_tokenizer":{"type":"Sequence","pretokenizers":[
        {"type":"WhitespaceSplit"},{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true}]},
        "post_processor":null,"decoder":{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true},
        "model":{"type":"Unigram","unk_id":0,"byte_fallback":false,"vocab":[["<unk>",0.0],["▁",-2.5],["a",-3],["ab",-3.5],
        ["▁a",-2],["t",-4.25],["aa",-3.75]]}}
        """#,
        #"""
        {"added_tokens":[{"id":0,"content":"[UNK]","special":true}],"normalizer":{"type":"BertNormalizer","clean_text":true,
        "handle_chinese_chars":true,"strip_accents":null,"lowercase":true},"pre_tokenizer":{"type":"BertPreTokenizer"},
        "post_processor":{"type":"TemplateProcessing","single":[{"Sequence":{"id":"A","type_id":0}},
        {"SpecialToken":{"id":"[UNK]","type_id":0}}],"special_tokens":{"[UNK]":{"id":"[UNK]","ids":[0],"tokens":["[UNK]"]}}},
        "decoder":{"type":"WordPiece","prefix":"##","cleanup":true},"model":{"type":"WordPiece","unk_token":"[UNK]",
        "continuing_subword_prefix":"##","max_input_chars_per_word":100,"vocab":{"[UNK]":0,"a":1,"##a":2,"the":3,"##b":4,
        "water":5,"你":6,"##er":7}}}
        """#,
    ].map { Array($0.utf8) }

    private static let words = [
        "null", "true", "-1", "1e9", "4000000", "\"\"", "[]", "{}", "\"Sequence\"", "\"Regex\"", "\"(a+)+$\"", "\"[\"",
        "\"\\u0301\"",
        "\"Removed\"", "\"Unigram\"", "\"BPE\"", "\"WordPiece\"", "[[\"a\",1]]", "\"Metaspace\"", "\"Replace\"", "3.5",
        "\"a b\"",
    ]

    private static func mutated(_ seed: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        var bytes = seed
        for _ in 0..<Int.random(in: 1...2, using: &random) {
            guard bytes.count > 2 else { break }
            let place = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<9, using: &random) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes.remove(at: place)
            case 2: bytes.insert(UInt8.random(in: 0x20...0x7E, using: &random), at: place)
            case 3: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...40, using: &random)))
            case 4:
                let end = min(bytes.count, place + Int.random(in: 1...60, using: &random))
                bytes.insert(contentsOf: Array(bytes[place..<end]), at: place)
            default:
                // The value after a colon becomes another one.
                guard let colon = bytes[place...].firstIndex(of: 0x3A) else { continue }
                let end = bytes[(colon + 1)...].firstIndex { [0x2C, 0x7D, 0x5D].contains($0) } ?? bytes.count
                bytes.replaceSubrange((colon + 1)..<end, with: Array((words.randomElement(using: &random) ?? "1").utf8))
            }
        }
        return bytes
    }

    @Test("10,000 mutations load and encode, or are refused in one clear line")
    func survivesMutations() throws {
        var random = SeededGenerator(seed: 11)
        let seeds = Self.seeds
        var (loaded, refused) = (0, 0)
        var slowest = Duration.zero
        for round in 0..<10_000 {
            let bytes = Self.mutated(seeds[round % seeds.count], &random)
            let elapsed = processorTime {
                do {
                    let tokenizer = try Tokenizer(TokenizerDescription(TokenizerFiles(tokenizer: bytes)))
                    let ids = tokenizer.encode("The water  <br> [INST] aaaaaaaaaaaaaaaaaaaaaaaaaaab ½ 你好 <|x|>\n")
                    #expect(ids.allSatisfy { $0 >= 0 && Int($0) < tokenizer.vocabularyCount })
                    #expect(!ids.contains { tokenizer.isControl($0) && $0 != tokenizer.unknownToken })
                    _ = tokenizer.decode(ids)
                    loaded += 1
                } catch let error as TokenizerError {
                    #expect(error.code == .invalid)
                    #expect(error.message.utf8.count < 1_000 && !error.message.contains("\n"), "\(error.message)")
                    refused += 1
                } catch {
                    Issue.record("\(error)")
                }
            }
            slowest = max(slowest, elapsed)
        }
        print("mutated tokenizer files: \(loaded) loaded, \(refused) refused, slowest \(slowest)")
        #expect(loaded > 500 && refused > 1_000)
        #expect(slowest < .seconds(2))
    }
}
