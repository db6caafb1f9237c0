import Synchronization

/// Who has how much of the memory that the engines of a process may take together.
///
///     let ledger = MemoryLedger(budget: 4 << 30, engines: 2)
///     let first = ledger.open()                  // 2 GiB: an even part
///     first.settle(1 << 30, for: "a model")      // needs less
///     let second = ledger.open()                 // 3 GiB: all that is left
///
/// Planning is all that the ledger does: it neither allocates nor measures.
package final class MemoryLedger: Sendable {
    /// Of the memory that is free, the part that engines take unless they are told.
    private static let shareOfFree = 0.8

    /// The ledger of an engine whose configuration names none: most of the memory that was free when the first such engine
    /// started.
    package static let process = MemoryLedger()

    /// Bytes that an engine holds.
    package struct Entry: Sendable, Equatable {
        /// What the engine runs; nil while that is not known yet.
        package var name: String?
        package var bytes: Int

        package init(name: String? = nil, bytes: Int) {
            self.name = name
            self.bytes = bytes
        }
    }

    private struct State {
        var nextNumber = 0
        var entries: [Int: Entry] = [:]
    }

    package let budget: Int
    private let engines: Int
    private let state = Mutex(State())

    /// - Parameters:
    ///   - budget: Bytes; nil for most of what is free now.
    ///   - engines: How many there will be. Each may have an even part of what those before it have left.
    package init(budget: Int? = nil, engines: Int = 1) {
        self.budget = budget ?? Int(Double(MachineLimits.freeMemory) * Self.shareOfFree)
        self.engines = engines
    }

    /// What the engines hold, in the order of their start.
    package var entries: [Entry] {
        state.withLock { state in state.entries.sorted { $0.key < $1.key }.map(\.value) }
    }

    /// Gives a starting engine its share, which stays its own until the account is closed.
    package func open() -> Account {
        state.withLock { state in
            let left = budget - state.entries.values.reduce(0) { $0 + $1.bytes }
            state.nextNumber += 1
            let toCome = max(engines - state.entries.count, 1)
            state.entries[state.nextNumber] = Entry(bytes: max(left, 0) / toCome)
            return Account(self, number: state.nextNumber, startingEngines: toCome)
        }
    }

    /// What one engine has of the ledger.
    package final class Account: Sendable {
        private let ledger: MemoryLedger
        private let number: Int
        /// Engines that were to share what was left, this one included.
        private let startingEngines: Int

        fileprivate init(_ ledger: MemoryLedger, number: Int, startingEngines: Int) {
            self.ledger = ledger
            self.number = number
            self.startingEngines = startingEngines
        }

        deinit { close() }

        /// What the engine may plan with.
        package var share: MemoryShare {
            ledger.state.withLock { state in
                var others = state.entries
                let own = others.removeValue(forKey: number)
                return MemoryShare(
                    bytes: own?.bytes ?? 0, budget: ledger.budget, startingEngines: startingEngines,
                    others: others.sorted { $0.key < $1.key }.map(\.value))
            }
        }

        /// Keeps only what the engine has planned, and says for what.
        package func settle(_ bytes: Int, for name: String) {
            ledger.state.withLock { state in
                guard let entry = state.entries[number] else { preconditionFailure("a closed account was settled") }
                precondition(bytes <= entry.bytes, "\(name) planned \(bytes) bytes of \(entry.bytes)")
                state.entries[number] = Entry(name: name, bytes: bytes)
            }
        }

        /// Gives everything back. Done once the engine's memory is free, and harmless when repeated.
        package func close() {
            ledger.state.withLock { $0.entries[number] = nil }
        }
    }
}
