import Foundation
import PinionGeneration
import PinionGrammar
import Synchronization
import Testing
import TextGeneration

@Suite("Compiled formats", .timeLimit(.minutes(1)))
struct GrammarCacheTests {
    /// Compiles under the test's control, and remembers what was asked of it.
    private final class Compiler: Sendable {
        /// Every byte is a token.
        private let vocabulary = TokenVocabulary(tokens: (0...255).map { Optional([UInt8($0)]) }, endTokens: [])
        let asked = Mutex<[OutputFormat]>([])
        /// Tasks that are about to ask the cache, as a test counts them.
        let begun = Atomic<Int>(0)
        /// Compilations that were cancelled.
        let cancelled = Atomic<Int>(0)
        /// While it is closed, compilations wait for it or for their cancellation.
        let isOpen = Atomic<Bool>(true)

        var count: Int { asked.withLock { $0.count } }

        func compile(_ format: OutputFormat) throws(GrammarError) -> FormatGrammar {
            asked.withLock { $0.append(format) }
            while !isOpen.load(ordering: .relaxed) {
                if Task.isCancelled {
                    cancelled.add(1, ordering: .relaxed)
                    throw GrammarError(.cancelled, "cancelled")
                }
                Thread.sleep(forTimeInterval: 0.001)
            }
            guard case .choice(let choices) = format else {
                throw GrammarError(.unsupported, "no choice", pointer: "/a")
            }
            return FormatGrammar(
                CompiledGrammar(try ChoiceGrammar.compile(choices), vocabulary: vocabulary, encode: nil))
        }

        func cache(_ limits: GrammarShelf.Limits = GrammarShelf.Limits()) -> GrammarCache {
            GrammarCache(limits: limits) { [self] plan in
                Result { () throws(GrammarError) in try compile(plan.output) }
            }
        }
    }

    @Test("A format is compiled once, and equal formats share the grammar")
    func hits() async throws {
        let compiler = Compiler()
        let cache = compiler.cache()
        let first = try await cache.grammar(for: .choice(["a", "b"]), tenant: "x")
        let second = try await cache.grammar(for: .choice(["a", "b"]), tenant: "y")
        #expect(first.grammar === second.grammar)
        _ = try await cache.grammar(for: .choice(["a,b"]), tenant: "x")
        _ = try await cache.grammar(for: .choice(["b", "a"]), tenant: "x")
        #expect(compiler.count == 3)
    }

    @Test("A format that cannot be enforced is refused again without being compiled again")
    func failures() async throws {
        let compiler = Compiler()
        let cache = compiler.cache()
        for _ in 0..<2 {
            let error = await #expect(throws: GenerationError.self) {
                try await cache.grammar(for: .pattern("a"), tenant: "x")
            }
            #expect(error?.code == .unsupportedParameter && error?.parameter == .format && error?.pointer == "/a")
        }
        #expect(compiler.count == 1)
    }

    @Test("Requests for one format while it is compiled wait for that compilation, those of other tenants too")
    func sharing() async throws {
        let compiler = Compiler()
        let cache = compiler.cache()
        compiler.isOpen.store(false, ordering: .relaxed)
        let tasks = (0..<8).map { number in
            Task { try await cache.grammar(for: .choice(["a"]), tenant: "tenant \(number % 2)").grammar }
        }
        #expect(try await GenerationFixtures.eventually { compiler.count == 1 })
        try await Task.sleep(for: .milliseconds(20))
        compiler.isOpen.store(true, ordering: .relaxed)
        var grammars: [CompiledGrammar] = []
        for task in tasks { grammars.append(try await task.value) }
        #expect(grammars.allSatisfy { $0 === grammars[0] })
        #expect(compiler.count == 1)
    }

    @Test("A compilation ends when the last request for it has left, and not before")
    func cancellation() async throws {
        let compiler = Compiler()
        let cache = compiler.cache()
        compiler.isOpen.store(false, ordering: .relaxed)
        let tasks = (0..<3).map { _ in
            Task {
                compiler.begun.add(1, ordering: .relaxed)
                return try await cache.grammar(for: .choice(["a"]), tenant: "x")
            }
        }
        #expect(
            try await GenerationFixtures.eventually {
                compiler.count == 1 && compiler.begun.load(ordering: .relaxed) == 3
            })
        // All three have to wait before the first leaves.
        try await Task.sleep(for: .milliseconds(200))
        for task in tasks.dropLast() {
            task.cancel()
            let error = await #expect(throws: GenerationError.self) { try await task.value }
            #expect(error?.code == .interrupted)
        }
        try await Task.sleep(for: .milliseconds(20))
        #expect(compiler.cancelled.load(ordering: .relaxed) == 0)
        tasks[2].cancel()
        await #expect(throws: GenerationError.self) { try await tasks[2].value }
        #expect(try await GenerationFixtures.eventually { compiler.cancelled.load(ordering: .relaxed) == 1 })
        // What was given up is compiled anew.
        compiler.isOpen.store(true, ordering: .relaxed)
        _ = try await cache.grammar(for: .choice(["a"]), tenant: "x")
        #expect(compiler.count == 2)
    }

    @Test("A request that leaves while it waits for its turn is never compiled")
    func cancelWaiting() async throws {
        let compiler = Compiler()
        let cache = compiler.cache()
        compiler.isOpen.store(false, ordering: .relaxed)
        let first = Task { try await cache.grammar(for: .choice(["a"]), tenant: "x") }
        #expect(try await GenerationFixtures.eventually { compiler.count == 1 })
        let second = Task { try await cache.grammar(for: .choice(["b"]), tenant: "x") }
        try await Task.sleep(for: .milliseconds(20))
        second.cancel()
        await #expect(throws: GenerationError.self) { try await second.value }
        compiler.isOpen.store(true, ordering: .relaxed)
        _ = try await first.value
        _ = try await cache.grammar(for: .choice(["c"]), tenant: "x")
        #expect(compiler.asked.withLock { $0 } == [.choice(["a"]), .choice(["c"])])
    }

    @Test("A tenant with many formats does not hold up another's")
    func fairness() async throws {
        let compiler = Compiler()
        let cache = compiler.cache()
        compiler.isOpen.store(false, ordering: .relaxed)
        let many = (0..<20).map { number in
            Task {
                compiler.begun.add(1, ordering: .relaxed)
                return try await cache.grammar(for: .choice(["\(number)"]), tenant: "many")
            }
        }
        #expect(
            try await GenerationFixtures.eventually {
                compiler.count == 1 && compiler.begun.load(ordering: .relaxed) == 20
            })
        try await Task.sleep(for: .milliseconds(100))
        let one = Task {
            compiler.begun.add(1, ordering: .relaxed)
            return try await cache.grammar(for: .choice(["one"]), tenant: "one")
        }
        #expect(try await GenerationFixtures.eventually { compiler.begun.load(ordering: .relaxed) == 21 })
        try await Task.sleep(for: .milliseconds(200))
        compiler.isOpen.store(true, ordering: .relaxed)
        _ = try await one.value
        for task in many { _ = try await task.value }
        let place = try #require(compiler.asked.withLock { $0.firstIndex(of: .choice(["one"])) })
        #expect(place <= 2)
    }

    @Test("Memory stays bounded over thousands of formats, and those used last are kept")
    func bound() async throws {
        let compiler = Compiler()
        var limits = GrammarShelf.Limits()
        limits.kept = 200_000
        let cache = compiler.cache(limits)
        for number in 0..<2_000 {
            _ = try await cache.grammar(for: .choice(["\(number)"]), tenant: "x")
            _ = try await cache.grammar(for: .choice(["favourite"]), tenant: "x")
            #expect(cache.byteCount <= limits.kept)
        }
        #expect(compiler.count == 2_001)
        _ = try await cache.grammar(for: .choice(["1999"]), tenant: "x")
        #expect(compiler.count == 2_001)
        _ = try await cache.grammar(for: .choice(["0"]), tenant: "x")
        #expect(compiler.count == 2_002)
    }

    @Test("Grammars that replies still use count, and beyond their limit a further one is refused for now")
    func live() async throws {
        let compiler = Compiler()
        var limits = GrammarShelf.Limits()
        limits.kept = 20_000
        limits.live = 200_000
        let cache = compiler.cache(limits)
        var used: [FormatGrammar] = []
        var refusal: GenerationError?
        for number in 0..<1_000 where refusal == nil {
            do throws(GenerationError) {
                used.append(try await cache.grammar(for: .choice(["\(number)"]), tenant: "x"))
            } catch { refusal = error }
        }
        #expect(refusal?.code == .overloaded)
        #expect(used.count > 10)
        #expect(cache.byteCount <= limits.live)
        used = []
        _ = try await cache.grammar(for: .choice(["more"]), tenant: "x")
    }
}
