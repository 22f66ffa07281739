import AdvPOBedrock
import AdvPOCoordinator
import AdvPOObjects
import AdvPOStore
import Testing

/// What a look-up among all stored units costs is bounded by having one at a time.
@Suite(.timeLimit(.minutes(1))) struct StoryLookupTests {
    private func code(_ coordinator: Coordinator, _ name: String) async -> APIError.Code? {
        do throws(APIError) {
            _ = try await coordinator.taskStories(name)
            return nil
        } catch { return error.code }
    }

    @Test("a second look-up among all units is told to try again while one is under way", arguments: ["abcdef", "9.17"])
    func oneAtATime(name: String) async throws {
        let store = ScriptedStore()
        let coordinator = try await Cluster.open(store, MemoryObjects(buckets: ["bucket"]))
        await store.holdSearches()
        async let first = code(coordinator, name)
        while await store.heldSearches == 0 { await Task.yield() }
        #expect(await code(coordinator, "fedcba") == .throttling)
        #expect(await code(coordinator, "9.18") == .throttling)
        await store.releaseSearches()
        #expect(await first == .resourceNotFound)
        #expect(await code(coordinator, "fedcba") == .resourceNotFound)
        await coordinator.close()
    }
}
