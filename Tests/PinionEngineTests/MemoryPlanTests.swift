import Foundation
import PinionEngine
import PinionModelFiles
import PinionModels
import PinionTensor
import Testing

@Suite("Memory plan")
struct MemoryPlanTests {
    /// The advice of a refusal: what follows the arithmetic.
    private static func advice(_ adjust: (inout EngineConfiguration) -> Void) async throws -> String {
        let error = await #expect(throws: EngineError.self) {
            _ = try await EngineTests.engine("tiny-llama-q4_1", adjust)
        }
        return String(try #require(error?.message).split(separator: "; ").last ?? "")
    }

    @Test("The advice of a refusal names what is not in force, and each way is enough by itself")
    func memoryAdvice() async throws {
        let path = EngineTests.fixtures.appending(path: "tiny-llama-q4_1.gguf").path(percentEncoded: false)
        // The least budget for one context of 512 tokens, with caches of either kind.
        let plan = try ModelLoader.plan(ModelPackage(path: path), limits: EngineConfiguration().stepLimits)
        let half = MemoryPlan.share(for: plan, cacheType: .q8, cacheBlocks: 32)
        let less = MemoryPlan.share(for: plan, cacheType: .q8, cacheBlocks: 31)
        let tight = try await Self.advice { $0.ledger = MemoryLedger(budget: half) }
        #expect(tight.contains("--kv-type q8") && tight.contains("--context") && tight.contains("--memory"))
        _ = try await EngineTests.engine {
            $0.ledger = MemoryLedger(budget: half)
            $0.cacheType = .q8
        }
        let quantised = try await Self.advice {
            $0.ledger = MemoryLedger(budget: less)
            $0.cacheType = .q8
        }
        #expect(!quantised.contains("--kv-type"))
        let context = try #require(quantised.firstMatch(of: /lower --context to (\d+)/).flatMap { Int($0.1) })
        #expect(context == 496)
        _ = try await EngineTests.engine {
            $0.ledger = MemoryLedger(budget: less)
            $0.cacheType = .q8
            $0.contextLength = context
        }
        let mebibytes = try #require(quantised.firstMatch(of: /raise --memory to (\d+)M/).flatMap { Int($0.1) })
        _ = try await EngineTests.engine {
            $0.ledger = MemoryLedger(budget: mebibytes << 20)
            $0.cacheType = .q8
        }
        // Of the smaller types the one that keeps more: halves where they fit, else bytes.
        for (fitting, other) in [(KVCache.ElementType.f16, "q8"), (.q8, "f16")] {
            let budget = MemoryPlan.share(for: plan, cacheType: fitting, cacheBlocks: 32)
            let tight = try await Self.advice {
                $0.ledger = MemoryLedger(budget: budget)
                $0.cacheType = .f32
            }
            #expect(tight.contains("--kv-type \(fitting.rawValue)") && !tight.contains(other), "\(tight)")
            _ = try await EngineTests.engine {
                $0.ledger = MemoryLedger(budget: budget)
                $0.cacheType = fitting
            }
        }
        // Not even one block: a smaller context helps as little as smaller numbers.
        let hopeless = try await Self.advice { $0.ledger = MemoryLedger(budget: 1 << 20) }
        #expect(hopeless.contains("--memory") && !hopeless.contains("--context") && !hopeless.contains("--kv-type"))
    }
}
