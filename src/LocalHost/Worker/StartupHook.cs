using System.Diagnostics;
using System.Runtime.InteropServices;

/// <summary>
/// Runs inside the worker process before its own code (DOTNET_STARTUP_HOOKS). 1. Ends the process when the host is gone: the host holds the
/// other end of standard input, which closes when the host ends for any reason. Otherwise an orphaned worker would keep its memory and GPU.
/// 2. Moves the process out of the terminal's process group: Ctrl-C goes to every process of that group, but the worker must finish running
/// functions.
/// </summary>
/// <remarks>
/// The runtime requires a type of this name outside any namespace. Only runtime types are used, so that no other assembly is loaded.
/// </remarks>
internal static class StartupHook
{
    public static void Initialize()
    {
        if (!OperatingSystem.IsWindows())
            _ = SetProcessGroup(0, 0); // a new process group; if this fails, Ctrl-C also ends the worker
        Stream input = Console.OpenStandardInput();
        new Thread(() => EndWith(input)) { IsBackground = true, Name = "host watch" }.Start();
    }

    [DllImport("libc", EntryPoint = "setpgid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetProcessGroup(int process, int group);

    private static void EndWith(Stream input)
    {
        try
        {
            Span<byte> anything = stackalloc byte[16];
            while (input.Read(anything) > 0) { }
        }
        catch (IOException)
        {
            // A broken pipe also means that the host is gone.
        }

        // Exit at once: messages return to their queues when the visibility timeout ends, and no host is there to inform.
        using Process self = Process.GetCurrentProcess();
        self.Kill();
    }
}
