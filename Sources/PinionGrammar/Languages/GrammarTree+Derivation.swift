import PinionJSON

extension GrammarTree {
    /// - Parameter isEmptyLeaf: Whether the literal or regular expression with this index has no text.
    /// - Throws: `unsatisfiable` for a name that derives no text, be it used or not: it is a mistake in either case.
    func checkDerivations(isEmptyLeaf: (Int) -> Bool) throws(GrammarError) {
        let isDerivable = derivable(isEmptyLeaf: isEmptyLeaf)
        guard var name = names.indices.first(where: { !isDerivable[$0] }) else { return }
        // The name that lets the others derive nothing, not the first one that mentions it.
        var seen: Set<Int> = []
        while seen.insert(name).inserted, let definition = names[name].definition,
            let next = mentions(of: definition).first(where: { !isDerivable[$0] })
        {
            name = next
        }
        let isRecursive = seen.contains(name) && names[name].definition.map { !mentions(of: $0).isEmpty } ?? false
        throw text.failure(
            .unsatisfiable,
            "'\(JSONValue.quoted(names[name].text))' derives no text"
                + (isRecursive ? ": every alternative leads back to it" : ""),
            at: names[name].definition?.place ?? names[name].place)
    }

    /// `[names]`: whether each derives a text.
    ///
    /// From the leaves upwards, where each expression waits for so many of its parts: linear in the grammar.
    private func derivable(isEmptyLeaf: (Int) -> Bool) -> [Bool] {
        var parents = [Int](repeating: -1, count: expressions.count)
        var waiting = [Int](repeating: 1, count: expressions.count)
        var mentions = [[Int]](repeating: [], count: names.count)
        var rootOf = [Int](repeating: -1, count: expressions.count)
        var ready: [Int] = []
        for (index, name) in names.enumerated() {
            if let root = name.definition?.root { rootOf[root] = index }
        }
        for (index, expression) in expressions.enumerated() {
            for part in expression.parts { parents[part] = index }
            switch expression {
            case .text, .pattern: waiting[index] = isEmptyLeaf(index) ? 1 : 0
            case .name(let name): mentions[name].append(index)
            case .sequence(let parts): waiting[index] = parts.count
            case .choice: break
            case .repetition(_, let min, _): waiting[index] = min == 0 ? 0 : 1
            }
            if waiting[index] == 0 { ready.append(index) }
        }
        var result = [Bool](repeating: false, count: names.count)
        while let index = ready.popLast() {
            func isDerivable(_ waiter: Int) {
                guard waiting[waiter] > 0 else { return }
                waiting[waiter] -= 1
                if waiting[waiter] == 0 { ready.append(waiter) }
            }
            if parents[index] >= 0 { isDerivable(parents[index]) }
            let name = rootOf[index]
            if name >= 0, !result[name] {
                result[name] = true
                mentions[name].forEach(isDerivable)
            }
        }
        return result
    }
}
