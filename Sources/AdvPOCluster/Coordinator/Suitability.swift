/// Which workers can do which tasks, by kinds: workers that serve the same models are one kind, tasks that need the same models are one need.
///
/// Matching a need with a kind happens when either is new; hand-out then only follows the lists kept here.
struct Suitability: Sendable {
    struct Need: Hashable, Sendable {
        var models: [String]
        var withAttachments: Bool
    }

    private struct KindName: Hashable, Sendable {
        var models: [String]
        var sendsAttachments: Bool
    }

    private struct NeedEntry: Sendable {
        var need: Need
        /// Tasks that have it, handed out or not.
        var tasks = 0
        var slots = 0
        /// Kinds that serve it.
        var kinds: [Int] = []
        var durations = Durations()
    }

    private struct KindEntry: Sendable {
        var name: KindName
        var models: Set<String>
        var workers = 0
        var slots = 0
        /// Needs that it serves.
        var needs: [Int] = []

        func serves(_ need: Need) -> Bool { (!need.withAttachments || name.sendsAttachments) && need.models.allSatisfy(models.contains) }
    }

    /// Needs without a task are kept up to this count, since the next request of a run needs the same again.
    private static let idleNeeds = 256

    private var needs: [NeedEntry?] = []
    private var needsByContent: [Need: Int] = [:]
    private var freeNeeds: [Int] = []
    private var kinds: [KindEntry?] = []
    private var kindsByName: [KindName: Int] = [:]
    private var freeKinds: [Int] = []

    // MARK: Needs

    /// The number of a need that one more task has.
    mutating func addTask(_ need: Need) -> Int {
        let number = needsByContent[need] ?? enter(need)
        needs[number]?.tasks += 1
        return number
    }

    mutating func removeTask(_ need: Int) { needs[need]?.tasks -= 1 }

    private mutating func enter(_ need: Need) -> Int {
        if needsByContent.count >= Self.idleNeeds { dropIdleNeeds() }
        var entry = NeedEntry(need: need)
        let number = freeNeeds.popLast() ?? needs.count
        for index in kinds.indices where kinds[index]?.serves(need) == true {
            entry.kinds.append(index)
            entry.slots += kinds[index]?.slots ?? 0
            kinds[index]?.needs.append(number)
        }
        if number == needs.count { needs.append(entry) } else { needs[number] = entry }
        needsByContent[need] = number
        return number
    }

    private mutating func dropIdleNeeds() {
        for number in needs.indices {
            guard let entry = needs[number], entry.tasks == 0 else { continue }
            for kind in entry.kinds { kinds[kind]?.needs.removeAll { $0 == number } }
            needsByContent.removeValue(forKey: entry.need)
            needs[number] = nil
            freeNeeds.append(number)
        }
    }

    // MARK: Kinds

    /// The number of the kind that one more worker is of.
    mutating func addWorker(models: [String], sendsAttachments: Bool, slots: Int) -> Int {
        let unique = Set(models)
        let name = KindName(models: unique.sorted(), sendsAttachments: sendsAttachments)
        let number = kindsByName[name] ?? enter(name, unique)
        kinds[number]?.workers += 1
        change(number, slots: slots)
        return number
    }

    mutating func removeWorker(_ kind: Int, slots: Int) {
        change(kind, slots: -slots)
        kinds[kind]?.workers -= 1
        guard let entry = kinds[kind], entry.workers == 0 else { return }
        for need in entry.needs { needs[need]?.kinds.removeAll { $0 == kind } }
        kindsByName.removeValue(forKey: entry.name)
        kinds[kind] = nil
        freeKinds.append(kind)
    }

    private mutating func change(_ kind: Int, slots: Int) {
        kinds[kind]?.slots += slots
        for need in needs(of: kind) { needs[need]?.slots += slots }
    }

    private mutating func enter(_ name: KindName, _ models: Set<String>) -> Int {
        var entry = KindEntry(name: name, models: models)
        let number = freeKinds.popLast() ?? kinds.count
        for index in needs.indices {
            guard let need = needs[index]?.need, entry.serves(need) else { continue }
            entry.needs.append(index)
            needs[index]?.kinds.append(number)
        }
        if number == kinds.count { kinds.append(entry) } else { kinds[number] = entry }
        kindsByName[name] = number
        return number
    }

    // MARK: How long tasks take

    func durations(of need: Int) -> Durations? { needs[need]?.durations }
    mutating func learn(_ milliseconds: Int64, of need: Int) { needs[need]?.durations.add(milliseconds) }
    mutating func learnPrice(of need: Int) { needs[need]?.durations.isPriced = true }

    // MARK: Who suits whom

    func needs(of kind: Int) -> [Int] { kinds[kind]?.needs ?? [] }
    func kinds(serving need: Int) -> [Int] { needs[need]?.kinds ?? [] }

    /// Slots of all workers that serve it.
    func slots(serving need: Need) -> Int {
        if let number = needsByContent[need] { return needs[number]?.slots ?? 0 }
        return kinds.reduce(0) { sum, kind in sum + (kind.map { $0.serves(need) ? $0.slots : 0 } ?? 0) }
    }
}
