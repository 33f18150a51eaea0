using System.Diagnostics;
using System.Runtime.InteropServices;

/// <summary>
/// Runs inside the worker process, before its own code (DOTNET_STARTUP_HOOKS): ends the process when the host is gone. The host holds the
/// other end of standard input, which closes with it, however it ends. A worker left alone would hold its memory and its GPU for nothing.
/// And takes the process out of the terminal's group: Ctrl-C goes to every process of it, and the worker has to finish what runs.
/// </summary>
/// <remarks>
/// The runtime asks for a type of this name outside of any namespace. Only types of the runtime are used, so that nothing else is loaded.
/// </remarks>
internal static class StartupHook
{
    public static void Initialize()
    {
        if (!OperatingSystem.IsWindows())
            _ = SetProcessGroup(0, 0); // a group of its own; where that fails, Ctrl-C ends it as before
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
            // A broken pipe is an end, too.
        }

        // At once: what it holds of the queues comes back when its lease ends, and there is nobody to tell.
        using Process self = Process.GetCurrentProcess();
        self.Kill();
    }
}
