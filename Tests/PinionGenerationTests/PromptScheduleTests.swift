import PinionGeneration
import Testing

@Suite("The order of prompts")
struct PromptScheduleTests {
    private static let long = PromptSchedule.shortPrompt + 1

    /// Works on prompts, a unit of work at each turn, until all are done; whose turns they were.
    private static func turns(_ schedule: PromptSchedule, needs: [PromptSchedule.ID: Int]) -> [PromptSchedule.ID] {
        var (schedule, needs) = (schedule, needs)
        var turns: [PromptSchedule.ID] = []
        while let id = schedule.next() {
            turns.append(id)
            schedule.charge(id, work: 1)
            needs[id]? -= 1
            if needs[id] == 0 { schedule.remove(id) }
        }
        return turns
    }

    @Test("A tenant's prompts go in the order of their arrival")
    func arrival() {
        var schedule = PromptSchedule()
        for id in 1...3 { schedule.add(id, tenant: "a", size: 10) }
        #expect(Self.turns(schedule, needs: [1: 2, 2: 1, 3: 2]) == [1, 1, 2, 3, 3])
    }

    @Test("Tenants take turns, however many prompts one of them has")
    func turns() {
        var schedule = PromptSchedule()
        for id in 1...8 { schedule.add(id, tenant: "a", size: Self.long) }
        schedule.add(9, tenant: "b", size: Self.long)
        let needs = Dictionary(uniqueKeysWithValues: (1...9).map { ($0, 3) })
        #expect(Self.turns(schedule, needs: needs).prefix(6) == [1, 9, 1, 9, 1, 9])
    }

    @Test("A tenant that arrives is level with the least served, not ahead of everybody for ever")
    func lateArrival() {
        var schedule = PromptSchedule()
        schedule.add(1, tenant: "a", size: Self.long)
        for _ in 0..<100 { schedule.charge(1, work: 1) }
        schedule.add(2, tenant: "b", size: Self.long)
        #expect(Self.turns(schedule, needs: [1: 3, 2: 3]) == [1, 2, 1, 2, 1, 2])
        // One that comes back goes on where it was.
        schedule.charge(2, work: 50)
        schedule.remove(2)
        schedule.add(3, tenant: "b", size: 1)
        #expect(schedule.next() == 1)
    }

    @Test("Short prompts are begun beside any number of long ones, long ones only beside one more")
    func begun() {
        var schedule = PromptSchedule()
        schedule.add(1, tenant: "a", size: Self.long)
        schedule.add(2, tenant: "b", size: Self.long)
        schedule.add(3, tenant: "c", size: Self.long)
        schedule.add(4, tenant: "d", size: 1)
        let turns = Self.turns(schedule, needs: [1: 4, 2: 4, 3: 4, 4: 1])
        #expect(turns.prefix(5) == [1, 2, 4, 1, 2])
        let first = turns.firstIndex(of: 3)
        let end = turns.lastIndex(of: 1)
        #expect(first != nil && first == end.map { $0 + 1 }, "\(turns)")
        #expect(turns.count == 13)
    }

    @Test("A prompt that was taken out has no turn, and the last one empties the schedule")
    func removal() {
        var schedule = PromptSchedule()
        #expect(schedule.next() == nil)
        for id in 1...2 { schedule.add(id, tenant: "a", size: Self.long) }
        schedule.remove(1)
        schedule.remove(1)
        #expect(schedule.next() == 2)
        schedule.charge(2, work: 1000)
        schedule.remove(2)
        schedule.charge(2, work: 1)
        #expect(schedule.next() == nil)
        // Nobody is left to be level with.
        schedule.add(3, tenant: "a", size: 1)
        schedule.add(4, tenant: "b", size: 1)
        #expect(schedule.next() == 3)
    }

    @Test("A begun prompt that nobody waits for has the next turn, however much its tenant had")
    func hastened() {
        var schedule = PromptSchedule()
        for (id, tenant) in [(1, "a"), (2, "b"), (3, "c")] { schedule.add(id, tenant: tenant, size: 10) }
        #expect(schedule.next() == 1)
        schedule.charge(1, work: 1_000)
        #expect(schedule.next() == 2)
        schedule.hasten(1)
        #expect(schedule.next() == 1)
        schedule.remove(1)
        #expect(schedule.next() == 2)
        schedule.remove(2)
        #expect(schedule.next() == 3)
    }

    @Test("Only so many short prompts are begun at once, and each that ends lets another begin")
    func shortBegun() {
        var schedule = PromptSchedule()
        let count = PromptSchedule.maximumShortBegun
        for id in 1...count + 2 { schedule.add(id, tenant: "\(id)", size: 10) }
        for id in 1...count {
            #expect(schedule.next() == id)
            schedule.charge(id, work: 1)
        }
        // All others wait: one that was begun goes on.
        #expect(schedule.next() == 1)
        schedule.remove(1)
        #expect(schedule.next() == count + 1)
    }
}
