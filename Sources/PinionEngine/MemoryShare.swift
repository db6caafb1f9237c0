/// What an engine may plan with, and what it should say when that is too little.
package struct MemoryShare: Sendable, Equatable {
    /// Bytes that the engine may take.
    package var bytes: Int
    /// Bytes of all engines together.
    package var budget: Int
    /// Engines that still share what the others left, this one included.
    package var startingEngines: Int
    /// What other engines hold.
    package var others: [MemoryLedger.Entry]

    /// A share that is a whole budget.
    package init(all budget: Int) {
        self.init(bytes: budget, budget: budget, startingEngines: 1, others: [])
    }

    init(bytes: Int, budget: Int, startingEngines: Int, others: [MemoryLedger.Entry]) {
        self.bytes = bytes
        self.budget = budget
        self.startingEngines = startingEngines
        self.others = others
    }

    /// The budget that would give this engine so many bytes.
    func budget(for bytes: Int) -> Int {
        others.reduce(bytes * startingEngines) { $0 + $1.bytes }
    }
}
