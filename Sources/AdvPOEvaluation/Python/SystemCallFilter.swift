/// The seccomp filter of the sandbox, as the classic BPF program that bubblewrap loads.
///
/// It refuses new processes (threads pass), sockets, and what reaches past the sandbox's namespaces or past its memory limit. With one process alone, the
/// limits of that process are the limits of the metric: that is what makes a fork bomb harmless, for root too.
struct SystemCallFilter: Hashable {
    /// One instruction of the program: `struct sock_filter`.
    private struct Instruction {
        var code: UInt16
        var jumpIfTrue: UInt8 = 0
        var jumpIfFalse: UInt8 = 0
        var value: UInt32
    }

    private enum Code {
        static let load: UInt16 = 0x20  // BPF_LD | BPF_W | BPF_ABS
        static let jumpIfEqual: UInt16 = 0x15  // BPF_JMP | BPF_JEQ | BPF_K
        static let jumpIfAtLeast: UInt16 = 0x35  // BPF_JMP | BPF_JGE | BPF_K
        static let jumpIfAnyBit: UInt16 = 0x45  // BPF_JMP | BPF_JSET | BPF_K
        static let answer: UInt16 = 0x06  // BPF_RET | BPF_K
    }

    private enum Action {
        static let allow: UInt32 = 0x7fff_0000
        static let killProcess: UInt32 = 0x8000_0000
        static func fail(_ errorNumber: UInt32) -> UInt32 { 0x0005_0000 | errorNumber }
    }

    /// Offsets in `struct seccomp_data`; both processors are little-endian.
    private enum Offset {
        static let number: UInt32 = 0
        static let architecture: UInt32 = 4
        static let firstArgument: UInt32 = 16
    }

    private static let notPermitted: UInt32 = 1
    private static let notImplemented: UInt32 = 38
    private static let threadFlag: UInt32 = 0x0001_0000
    /// Calls of the x32 ABI have this bit and other numbers.
    private static let x32Bit: UInt32 = 0x4000_0000

    /// A processor's numbers for the calls.
    private struct Table {
        var architecture: UInt32
        var clone: UInt32
        var refused: [UInt32]
        var hasX32: Bool
    }

    /// The same on both processors: clone3 is answered with "no such call", so that libc falls back to clone, whose flags can be looked at.
    private static let clone3: UInt32 = 435
    /// io_uring_setup, _enter, _register; open_tree, move_mount, fsopen, fsconfig, fsmount, fspick; pidfd_getfd; mount_setattr; memfd_secret.
    private static let refusedEverywhere: [UInt32] = [425, 426, 427, 428, 429, 430, 431, 432, 433, 438, 442, 447]

    private static let intel = Table(
        architecture: 0xc000_003e, clone: 56,
        refused: [
            41, 57, 58,  // socket, fork, vfork
            29, 64, 68,  // shmget, semget, msgget
            101, 310, 311, 312,  // ptrace, process_vm_readv, process_vm_writev, kcmp
            155, 161, 165, 166, 272, 308, 304,  // pivot_root, chroot, mount, umount2, unshare, setns, open_by_handle_at
            248, 249, 250, 298, 319, 321, 323,  // add_key, request_key, keyctl, perf_event_open, memfd_create, bpf, userfaultfd
            103, 163, 167, 168, 169, 175, 179, 246, 313, 320,  // syslog, acct, swapon, swapoff, reboot, modules, quotactl, kexec
        ], hasX32: true)

    private static let arm = Table(
        architecture: 0xc000_00b7, clone: 220,
        refused: [
            198,  // socket
            186, 190, 194,  // msgget, semget, shmget
            117, 270, 271, 272,  // ptrace, process_vm_readv, process_vm_writev, kcmp
            39, 40, 41, 51, 97, 268, 265,  // umount2, mount, pivot_root, chroot, unshare, setns, open_by_handle_at
            217, 218, 219, 241, 279, 280, 282,  // add_key, request_key, keyctl, perf_event_open, memfd_create, bpf, userfaultfd
            116, 89, 224, 225, 142, 105, 273, 60, 104, 294,  // syslog, acct, swapon, swapoff, reboot, modules, quotactl, kexec
        ], hasX32: false)

    /// The program as bubblewrap reads it: eight bytes for each instruction, in the processor's order.
    static var program: [UInt8] {
        var instructions: [Instruction] = []
        for table in [intel, arm] {
            let body = body(of: table)
            instructions.append(Instruction(code: Code.load, value: Offset.architecture))
            instructions.append(Instruction(code: Code.jumpIfEqual, jumpIfTrue: 1, value: table.architecture))
            // Jumps of conditions reach 255 instructions; a table is far shorter.
            precondition(body.count < 255, "the filter of one processor must stay within a jump")
            instructions.append(Instruction(code: 0x05, value: UInt32(body.count)))
            instructions += body
        }
        instructions.append(Instruction(code: Code.answer, value: Action.killProcess))
        return instructions.flatMap { instruction in
            let code = instruction.code
            let value = instruction.value
            return [
                UInt8(code & 0xff), UInt8(code >> 8), instruction.jumpIfTrue, instruction.jumpIfFalse, UInt8(value & 0xff), UInt8(value >> 8 & 0xff),
                UInt8(value >> 16 & 0xff), UInt8(value >> 24),
            ]
        }
    }

    private static func body(of table: Table) -> [Instruction] {
        var body = [Instruction(code: Code.load, value: Offset.number)]
        if table.hasX32 {
            body.append(Instruction(code: Code.jumpIfAtLeast, jumpIfFalse: 1, value: x32Bit))
            body.append(Instruction(code: Code.answer, value: Action.killProcess))
        }
        for number in table.refused + refusedEverywhere {
            body.append(Instruction(code: Code.jumpIfEqual, jumpIfFalse: 1, value: number))
            body.append(Instruction(code: Code.answer, value: Action.fail(notPermitted)))
        }
        body.append(Instruction(code: Code.jumpIfEqual, jumpIfFalse: 1, value: clone3))
        body.append(Instruction(code: Code.answer, value: Action.fail(notImplemented)))
        body.append(Instruction(code: Code.jumpIfEqual, jumpIfFalse: 3, value: table.clone))
        body.append(Instruction(code: Code.load, value: Offset.firstArgument))
        body.append(Instruction(code: Code.jumpIfAnyBit, jumpIfTrue: 1, value: threadFlag))
        body.append(Instruction(code: Code.answer, value: Action.fail(notPermitted)))
        body.append(Instruction(code: Code.answer, value: Action.allow))
        return body
    }
}
