@testable import AdvPOInference
import AdvPOModel
import Testing

@Suite("Waiting between tries")
struct RetryTests {
    @Test("the wait's ceiling doubles from 250 ms and stays at 30 s; all of the range is used")
    func backoff() {
        var generator = SeededGenerator(seed: 3)
        for (attempt, ceiling) in [(1, 0.25), (2, 0.5), (4, 2), (7, 16), (8, 30), (60, 30)] {
            let waits = (0..<200).map { _ in RetryPolicy().wait(afterAttempt: attempt, serverWish: nil, using: &generator) }
            #expect(waits.allSatisfy { $0 >= .zero && $0 <= .seconds(ceiling) })
            #expect(waits.contains { $0 > .seconds(ceiling * 0.8) })
            #expect(waits.contains { $0 < .seconds(ceiling * 0.2) })
        }
    }

    @Test("the same seed gives the same waits")
    func seeded() {
        func waits() -> [Duration] {
            var generator = SeededGenerator(seed: 9)
            return (1...10).map { RetryPolicy().wait(afterAttempt: $0, serverWish: nil, using: &generator) }
        }
        #expect(waits() == waits())
    }

    @Test(
        "Retry-After is read in seconds, milliseconds and as a date against the answer's own date",
        arguments: [
            ("5", nil, nil, .seconds(5)), ("0", nil, nil, .zero), ("60", "1500", nil, .milliseconds(1_500)), (nil, nil, nil, nil), ("soon", nil, nil, nil), ("-5", nil, nil, nil),
            ("99999999999999999999", nil, nil, nil), ("Sun, 06 Nov 1994 08:49:37 GMT", nil, "Sun, 06 Nov 1994 08:49:07 GMT", .seconds(30)),
            ("Mon, 01 Jan 2024 00:00:00 GMT", nil, "Sun, 31 Dec 2023 23:59:00 GMT", .seconds(60)), ("Sun, 06 Nov 1994 08:49:37 GMT", nil, "Sun, 06 Nov 1994 08:50:00 GMT", .zero),
            ("Sun, 06 Nov 1994 08:49:37 GMT", nil, nil, nil), ("Sunday, 06-Nov-94 08:49:37 GMT", nil, "Sun, 06 Nov 1994 08:50:00 GMT", nil),
        ] as [(String?, String?, String?, Duration?)])
    func retryAfter(value: String?, milliseconds: String?, date: String?, expected: Duration?) {
        #expect(RetryAfter.wait(retryAfter: value, milliseconds: milliseconds, date: date) == expected)
    }

    @Test("dates count from 1970, leap years included")
    func dates() {
        #expect(RetryAfter.secondsSinceEpoch("Thu, 01 Jan 1970 00:00:00 GMT") == 0)
        #expect(RetryAfter.secondsSinceEpoch("Sun, 06 Nov 1994 08:49:37 GMT") == 784_111_777)
        #expect(RetryAfter.secondsSinceEpoch("Thu, 29 Feb 2024 12:00:00 GMT") == 1_709_208_000)
    }

    @Test("waiters pass the gate in the order of their coming", .timeLimit(.minutes(1)))
    func gateIsFair() async throws {
        let gate = CallGate(pacer: CallPacer(model: "m", concurrency: 1, seed: 1), clock: ContinuousClock()) {}
        let open = Signal()
        let order = OrderedLog()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<20 {
                group.addTask {
                    let place = try #require(await gate.enter(gate.ticket()))
                    order.append(index)
                    await open.wait()
                    gate.leave(place, .accepted(inputTokens: 1, outputTokens: 1))
                }
                while order.entries.isEmpty || gate.waitingCount != index { await Task.yield() }
            }
            open.open()
            try await group.waitForAll()
        }
        #expect(order.entries == Array(0..<20))
    }
}
