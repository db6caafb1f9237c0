// MARK: - The texts of a language

extension ByteAutomaton {
    /// All texts of a finite language, in the order of their bytes; nil for an infinite language or more texts than `limit`.
    package func texts(atMost limit: Int) -> [[UInt8]]? {
        guard !isEmpty else { return [] }
        guard let count = textCount(atMost: limit) else { return nil }
        var found: [[UInt8]] = []
        found.reserveCapacity(count)
        var text: [UInt8] = []
        // The states along the text, and the byte to try next in each.
        var path: [(state: Int32, byte: Int)] = [(0, 0)]
        if accepting[0] { found.append([]) }
        while let (state, byte) = path.last {
            guard byte < 256 else {
                path.removeLast()
                _ = text.popLast()
                continue
            }
            path[path.count - 1].byte += 1
            let target = next(state, UInt8(byte))
            guard target >= 0 else { continue }
            text.append(UInt8(byte))
            if accepting[Int(target)] { found.append(text) }
            path.append((target, 0))
        }
        return found
    }

    /// The first in byte order of the shortest texts; nil for the empty language.
    package var shortestText: [UInt8]? {
        guard !isEmpty else { return nil }
        // The state and byte from which a breadth-first walk first came to each state.
        var origins: [(state: Int32, byte: UInt8)?] = Array(repeating: nil, count: stateCount)
        var order: [Int32] = [0]
        var index = 0
        while let state = index < order.count ? order[index] : nil, !accepting[Int(state)] {
            for byte in UInt8.min...UInt8.max {
                let target = next(state, byte)
                guard target > 0, origins[Int(target)] == nil else { continue }
                origins[Int(target)] = (state, byte)
                order.append(target)
            }
            index += 1
        }
        var text: [UInt8] = []
        var state = order[index]
        while let origin = origins[Int(state)] {
            text.append(origin.byte)
            state = origin.state
        }
        return text.reversed()
    }

    /// How many texts there are; nil for an infinite language or more than `limit`.
    private func textCount(atMost limit: Int) -> Int? {
        let bytesOfClass = classes.reduce(into: [Int](repeating: 0, count: classCount)) { $0[Int($1)] += 1 }
        // Every state reaches an accepting one, so a language is finite if no state is on a way to itself. States are
        // settled when all states behind them are: 0 not yet seen, 1 on the way, 2 settled.
        var phase = [UInt8](repeating: 0, count: stateCount)
        var counts = [Int](repeating: 0, count: stateCount)
        var pending: [Int] = [0]
        while let state = pending.last {
            if phase[state] == 2 {
                pending.removeLast()
                continue
            }
            let isReady = phase[state] == 1
            phase[state] = isReady ? 2 : 1
            var count = accepting[state] ? 1 : 0
            for symbol in 0..<classCount {
                let target = Int(transitions[state * classCount + symbol])
                guard target >= 0 else { continue }
                if isReady {
                    let (texts, overflow) = counts[target].multipliedReportingOverflow(by: bytesOfClass[symbol])
                    let (sum, isTooLarge) = count.addingReportingOverflow(texts)
                    guard !overflow, !isTooLarge else { return nil }
                    count = sum
                } else if phase[target] == 1 {
                    return nil
                } else if phase[target] == 0 {
                    pending.append(target)
                }
            }
            if isReady {
                guard count <= limit else { return nil }
                counts[state] = count
                pending.removeLast()
            }
        }
        return counts[0]
    }
}
