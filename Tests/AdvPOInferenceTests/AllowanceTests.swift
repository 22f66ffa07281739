import AdvPOInference
import AdvPOModel
import Hummingbird
import Testing

@Suite("A task's allowance of requests", .timeLimit(.minutes(1)))
struct AllowanceTests {
    private func call(_ allowance: CountedAllowance, _ script: @escaping @Sendable (Int) -> Response) async throws -> Result<ChatCompletion, InferenceFailure> {
        let fixture = ProviderFixture()
        return try await ScriptedServer.run({ script($0.number) }) { server in
            try await fixture.withProvider(baseURL: server.baseURL) { provider in
                do throws(InferenceFailure) {
                    return .success(try await provider.complete(ProviderFixture.request(), within: allowance.allowance))
                } catch {
                    return .failure(error)
                }
            }
        }
    }

    @Test("a request that failed after it was taken counts; one that was refused with 429 does not")
    func counts() async throws {
        let allowance = CountedAllowance(limit: 10)
        let result = try await call(allowance) { number in
            switch number {
            case 1: .text(.internalServerError, "oops")
            case 2: .text(.tooManyRequests, "slow down")
            default: .answer("ok")
            }
        }
        #expect(try result.get().attempts == 3)
        #expect(allowance.spent == 2)
    }

    @Test("with none left nothing is sent, and the failure says so")
    func usedUp() async throws {
        let allowance = CountedAllowance(limit: 2)
        let result = try await call(allowance) { _ in .text(.internalServerError, "oops") }
        guard case .failure(let failure) = result else { return #expect(Bool(false), "an answer came") }
        #expect(failure.kind == .allowance && failure.attempts == 2 && failure.message.contains("2 requests are used up"))
        #expect(allowance.spent == 2 && !allowance.allowance.take())
    }

    @Test("a server that is not there took nothing")
    func connectionRefused() async throws {
        let allowance = CountedAllowance(limit: 3)
        let failure = try await ProviderFixture().withProvider(baseURL: "http://127.0.0.1:9/v1") { provider -> InferenceFailure? in
            do throws(InferenceFailure) {
                _ = try await provider.complete(ProviderFixture.request(), within: allowance.allowance)
                return nil
            } catch {
                return error
            }
        }
        #expect(failure?.kind == .infrastructure && allowance.spent == 0)
    }
}
