import Foundation
import PinionLedger
import Synchronization
import Testing
import TestSupport

@Suite("Ledger", .timeLimit(.minutes(2)))
struct LedgerTests {
    private static func refusal(_ body: () async throws -> Void) async throws -> Refusal? {
        do {
            try await body()
            return nil
        } catch let refusal as Refusal {
            return refusal
        }
    }

    @Test("A request becomes a row with its counts, its cost and how it ended")
    func row() async throws {
        let place = try LedgerPlace()
        let ledger = try place.ledger()
        var request = LedgerPlace.request("req_1", owner: "team", prices: Prices(input: 3, cachedInput: 1, output: 10))
        (request.user, request.metadata, request.retryCount) = ("u", #"{"a":"b"}"#, 2)
        let ticket = try await ledger.admit(request)
        #expect(try ticket.open(promptTokens: 20, choices: 1, limit: 5) == 5)
        #expect(ticket.count(isReasoning: true, goesOn: true))
        #expect(ticket.count(isReasoning: false, goesOn: false) == false)
        ticket.settle(.completed, TokenCounts(input: 20, cached: 16, output: 2, reasoning: 1), status: 200)
        try await ticket.recorded()
        ledger.close()
        let row = try #require(place.storage.row("req_1"))
        #expect(row.tokens == TokenCounts(input: 20, cached: 16, output: 2, reasoning: 1))
        #expect(row.cost == 4 * 3 + 16 + 2 * 10)
        #expect((row.key, row.owner, row.model, row.route) == ("key_a", "team", "tiny/model", "/v1/chat/completions"))
        #expect((row.user, row.metadata, row.retryCount) == ("u", #"{"a":"b"}"#, 2))
        #expect((row.outcome, row.status) == (.completed, 200))
        #expect(row.queuedTime >= 0 && row.firstTokenTime >= row.queuedTime && row.runTime >= row.firstTokenTime)
    }

    @Test("Texts that clients choose are bounded in memory and database alike, at whole characters")
    func longTexts() async throws {
        let place = try LedgerPlace()
        let ledger = try place.ledger()
        var request = LedgerPlace.request("req_1")
        request.user = "a" + String(repeating: "\u{4E2D}", count: 100_000)
        request.metadata = #"{"a":""# + String(repeating: "b", count: 2_000) + #""}"#
        let ticket = try await ledger.admit(request)
        _ = try ticket.open(promptTokens: 1, choices: 1, limit: 5)
        ticket.settle(.completed, TokenCounts(input: 1, output: 0), status: 200)
        try await ticket.recorded()
        ledger.close()
        let row = try #require(place.storage.row("req_1"))
        #expect(row.user == "a" + String(repeating: "\u{4E2D}", count: 85))
        #expect(row.metadata.isEmpty)
    }

    @Test("A stop waits for requests that settle, and no longer than it says")
    func quiescence() async throws {
        let place = try LedgerPlace()
        let ledger = try place.ledger()
        let ticket = try await ledger.admit(LedgerPlace.request("req_1"))
        _ = try ticket.open(promptTokens: 1, choices: 1, limit: 5)
        let clock = ContinuousClock()
        #expect(await clock.measure { await ledger.quiesce(within: .milliseconds(50)) } >= .milliseconds(50))
        let settling = Task {
            try await Task.sleep(for: .milliseconds(20))
            ticket.settle(.stopped, TokenCounts(input: 1, output: 0), status: 200)
        }
        await ledger.quiesce(within: .seconds(30))
        ledger.close()
        #expect(place.storage.row("req_1")?.outcome == .stopped)
        try await settling.value
    }

    @Test("Trouble with the database is told once when it begins, and once when it ends")
    func trouble() async throws {
        let place = try LedgerPlace()
        let told = Mutex<[String]>([])
        let ledger = try place.ledger { $0.onTrouble = { message in told.withLock { $0.append(message) } } }
        place.storage.fail(true)
        for index in 0..<3 {
            let ticket = try await ledger.admit(LedgerPlace.request("req_\(index)"))
            _ = try ticket.open(promptTokens: 1, choices: 1, limit: 5)
            ticket.settle(.completed, TokenCounts(input: 1, output: 0), status: 200)
            try await ticket.recorded()
        }
        let isTold = { (count: Int) in
            let end = ContinuousClock.now + .seconds(20)
            while told.withLock(\.count) < count, ContinuousClock.now < end {
                try await Task.sleep(for: .milliseconds(20))
            }
            return told.withLock(\.count) == count
        }
        #expect(try await isTold(1))
        try await Task.sleep(for: .seconds(1.2))
        #expect(told.withLock(\.count) == 1)
        place.storage.fail(false)
        #expect(try await isTold(2))
        ledger.close()
        #expect(place.storage.rows.count == 3)
    }

    @Test("A reply ends when its budget is used up to the token, and is told apart from a whole one")
    func cut() async throws {
        let place = try LedgerPlace()
        let ledger = try place.ledger()
        let limits: [Limit: Int] = [.dailyTokens: 10 + LedgerTicket.firstReservation + 300]
        let ticket = try await ledger.admit(LedgerPlace.request("req_1", limits))
        _ = try ticket.open(promptTokens: 10, choices: 1, limit: 10_000)
        var sampled = 1
        while ticket.count(isReasoning: false, goesOn: true) { sampled += 1 }
        #expect(sampled == LedgerTicket.firstReservation + 300)
        ticket.settle(.completed, TokenCounts(input: 10, output: sampled), status: 200)
        let use = try await ledger.use(of: .key("key_a"))
        #expect(use.reserved == Spent.Amount())
        #expect(use.spent.total.tokens == limits[.dailyTokens])
        ledger.close()
        #expect(place.storage.row("req_1")?.outcome == .budget)
        let refused = try await Self.refusal { _ = try await ledger.admit(LedgerPlace.request("req_2", limits)) }
        #expect(refused?.reason == .budget)
    }

    @Test("Choices share their reservation, and none goes on beyond it")
    func choices() async throws {
        let place = try LedgerPlace()
        let ledger = try place.ledger()
        let ticket = try await ledger.admit(LedgerPlace.request("req_1", [.dailyTokens: 60]))
        _ = try ticket.open(promptTokens: 10, choices: 5, limit: 10)
        var going = Array(repeating: 1, count: 5)
        var lengths = Array(repeating: 0, count: 5)
        while going.contains(1) {
            for index in going.indices where going[index] == 1 {
                lengths[index] += 1
                if !ticket.count(isReasoning: false, goesOn: lengths[index] < 10) { going[index] = 0 }
            }
        }
        #expect(lengths == [10, 10, 10, 10, 10])
        ticket.settle(.completed, TokenCounts(input: 10, output: 50), status: 200)
        ledger.close()
        #expect(place.storage.row("req_1")?.outcome == .completed)
    }

    @Test("Sixty-four clients on the last hundred tokens of a budget never take one more, in a thousand rounds")
    func lastTokens() async throws {
        let place = try LedgerPlace()
        let ledger = try place.ledger()
        let price = Prices(input: 1, cachedInput: 1, output: 2)
        for round in 0..<1_000 {
            let limits: [Limit: Int] = [.dailyTokens: 100]
            let (taken, falseRefusals) = (Tally(), Tally())
            await withTaskGroup(of: Void.self) { group in
                for client in 0..<64 {
                    group.addTask {
                        let request = LedgerPlace.request(
                            "req_\(round)_\(client)", limits, owner: "o", prices: price, key: "key_\(round)")
                        var random = SeededGenerator(seed: UInt64(round * 64 + client))
                        let prompt = Int.random(in: 1...8, using: &random)
                        let most = Int.random(in: 1...30, using: &random)
                        guard let ticket = try? await ledger.admit(request) else { return }
                        do throws(Refusal) {
                            _ = try ticket.open(promptTokens: prompt, choices: 1, limit: most)
                        } catch {
                            if error.left.map({ $0 >= prompt + most }) ?? true { falseRefusals.add(1) }
                            return
                        }
                        var sampled = 1
                        let wanted = Int.random(in: 1...most, using: &random)
                        while ticket.count(isReasoning: false, goesOn: sampled < wanted) { sampled += 1 }
                        if Bool.random(using: &random) { await Task.yield() }
                        ticket.settle(.completed, TokenCounts(input: prompt, output: sampled), status: 200)
                        taken.add(prompt + sampled)
                    }
                }
            }
            let use = try await ledger.use(of: .key("key_\(round)"))
            #expect(taken.sum <= 100)
            #expect(use.spent.total.tokens == taken.sum)
            #expect(use.reserved == Spent.Amount())
            #expect(falseRefusals.sum == 0)
            // What is left can still be had.
            let left = 100 - use.spent.total.tokens
            if left > 1 {
                let last = try await ledger.admit(
                    LedgerPlace.request("req_\(round)_last", limits, owner: "o", prices: price, key: "key_\(round)"))
                _ = try last.open(promptTokens: 1, choices: 1, limit: left - 1)
                last.settle(.completed, TokenCounts(input: 1, output: left - 1), status: 200)
                #expect(try await ledger.use(of: .key("key_\(round)")).spent.total.tokens == 100)
            }
        }
        let all = try await ledger.use(of: .owner("o"))
        #expect(all.reserved == Spent.Amount())
        ledger.close()
        #expect(place.storage.rows.reduce(0) { $0 + $1.tokens.total } == all.spent.total.tokens)
    }

    @Test("A request that is refused, given up early or never settled leaves nothing behind")
    func nothingLeft() async throws {
        let place = try LedgerPlace()
        let ledger = try place.ledger()
        do {
            let early = try await ledger.admit(LedgerPlace.request("req_early"))
            early.settle(.cancelled, TokenCounts(input: 0, output: 0), status: 499)
            try await early.recorded()
            let refused = try await ledger.admit(LedgerPlace.request("req_refused", [.dailyTokens: 5]))
            #expect(throws: Refusal.self) { try refused.open(promptTokens: 5, choices: 1, limit: 1) }
            try await refused.recorded()
            let forgotten = try await ledger.admit(LedgerPlace.request("req_forgotten"))
            _ = try forgotten.open(promptTokens: 5, choices: 1, limit: 1)
        }
        #expect(ledger.state.running == 0)
        #expect(ledger.state.refusals == ["budget": 1])
        ledger.close()
        #expect(place.storage.rows.map(\.requestID) == ["req_forgotten"])
        #expect(place.storage.row("req_forgotten")?.outcome == .failed)
        #expect(place.storage.row("req_forgotten")?.cost == 0)
    }

    @Test("A model that a key may not use is refused; the key's cap bounds a reply")
    func modelsAndCap() async throws {
        let place = try LedgerPlace()
        let ledger = try place.ledger()
        var request = LedgerPlace.request("req_1", [.outputTokens: 7])
        request.account = Account(key: "key_a", models: [try #require(ModelPattern("other/*"))])
        let refused = try await Self.refusal { [request] in _ = try await ledger.admit(request) }
        #expect(refused?.reason == .model)
        let ticket = try await ledger.admit(LedgerPlace.request("req_2", [.outputTokens: 7]))
        #expect(try ticket.open(promptTokens: 5, choices: 1, limit: 100) == 7)
        let none = try await ledger.admit(LedgerPlace.request("req_3", [.outputTokens: 0]))
        #expect(throws: Refusal.self) { try none.open(promptTokens: 5, choices: 1, limit: 100) }
    }

    @Test("A row has no fewer tokens than were published, and a fault of the server's costs nothing")
    func faults() async throws {
        let place = try LedgerPlace()
        let ledger = try place.ledger()
        let price = Prices(input: 1, cachedInput: 1, output: 10)
        for (id, isFault) in [("req_fault", true), ("req_client", false)] {
            let ticket = try await ledger.admit(LedgerPlace.request(id, prices: price))
            _ = try ticket.open(promptTokens: 5, choices: 1, limit: 9)
            for _ in 0..<3 { _ = ticket.count(isReasoning: true, goesOn: true) }
            ticket.settle(.failed, TokenCounts(input: 0, output: 0), status: 500, isServerFault: isFault)
            // Too late for a slot that may be another request's.
            _ = ticket.count(isReasoning: false, goesOn: true)
        }
        ledger.close()
        #expect(place.storage.row("req_fault")?.tokens == TokenCounts(input: 5, output: 3, reasoning: 3))
        #expect(place.storage.row("req_fault")?.cost == 0)
        #expect(place.storage.row("req_client")?.cost == 5 + 30)
    }

    @Test("The tightest cap of key, owner and model bounds a reply")
    func caps() async throws {
        let place = try LedgerPlace()
        let ledger = try place.ledger()
        let request = LedgerPlace.request(
            "req_1", [.outputTokens: 9], owner: "o", ownerLimits: [.outputTokens: 8], modelLimits: [.outputTokens: 6])
        #expect(try await ledger.admit(request).open(promptTokens: 5, choices: 1, limit: 100) == 6)
    }

    @Test("Budgets that are nearly spent are told")
    func levels() async throws {
        let place = try LedgerPlace()
        let ledger = try place.ledger()
        let ticket = try await ledger.admit(LedgerPlace.request("req_1", [.dailyTokens: 100, .monthlyTokens: 1_000]))
        _ = try ticket.open(promptTokens: 75, choices: 1, limit: 10)
        #expect(ticket.levels.map(\.limit) == [.dailyTokens])
        #expect(ticket.levels.map(\.percent) == [85])
        #expect(ticket.levels.map(\.scope) == [.key("key_a")])
        #expect(ticket.rates.requests == nil)
    }
}

/// A sum of many tasks.
private final class Tally: Sendable {
    private let value = Mutex(0)

    var sum: Int { value.withLock { $0 } }

    func add(_ amount: Int) { value.withLock { $0 += amount } }
}
