extension StackSets {
    /// Threads at one place of a lexeme become one over the union of their stacks, or of their styles.
    mutating func merged(_ threads: [GrammarThread]) -> [GrammarThread] {
        var styles: [GrammarThread: Int] = [:]
        var first: [GrammarThread] = []
        for thread in threads {
            var key = thread
            key.styles = []
            if thread.lexeme != GrammarThread.indentation, let index = styles[key] {
                first[index].styles.formUnion(thread.styles)
            } else {
                styles[key] = first.count
                first.append(thread)
            }
        }
        var places: [GrammarThread: Int] = [:]
        var result: [GrammarThread] = []
        for thread in first {
            var key = thread
            // Sets of stacks have one depth each.
            key.stack = depths[Int(thread.stack)]
            if let index = places[key] {
                result[index].stack = union(result[index].stack, thread.stack)
            } else {
                places[key] = result.count
                result.append(thread)
            }
        }
        return result
    }
}
