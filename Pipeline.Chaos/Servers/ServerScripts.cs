using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Pipeline.Host.Errors;

namespace Pipeline.Chaos.Servers;

/// <summary>
/// A folder with scripts that start, stop, kill and freeze real servers on this machine: <c>kafka</c> and <c>influxd2</c>. Each server's data
/// is in a temporary folder of its own, gone with it.
/// </summary>
internal sealed class ServerScripts
{
    private readonly string _folder;

    /// <summary>Checks that the scripts are there.</summary>
    /// <exception cref="CommandException">One is not.</exception>
    public ServerScripts(string folder)
    {
        _folder = Path.GetFullPath(folder);
        string[] missing = [.. new[] { "kafka", "influxd2" }.Where(name => !File.Exists(Path.Combine(_folder, name)))];
        if (missing.Length > 0)
            throw CommandException.BadUsage($"--servers {folder}: there is no script {string.Join(" and no ", missing)}; chaos needs real servers that it may kill.");
    }

    /// <summary>This process's number, for scripts that end their servers with it.</summary>
    public static string Parent => Environment.ProcessId.ToString(CultureInfo.InvariantCulture);

    /// <summary>CPU time, in seconds, that the running servers with this data folder have used.</summary>
    public static double CpuSeconds(string data)
    {
        var seconds = 0.0;
        foreach (var process in Process.GetProcesses())
            using (process)
            {
                try
                {
                    // A worker's command line names the folder too: that of its token.
                    if (process.MainModule?.FileName != WorkerProcess.Executable && File.ReadAllText($"/proc/{process.Id}/cmdline").Contains(data, StringComparison.Ordinal))
                        seconds += process.TotalProcessorTime.TotalSeconds;
                }
                catch (Exception gone) when (gone is IOException or InvalidOperationException or UnauthorizedAccessException or Win32Exception)
                {
                    // It ended meanwhile, or is another user's.
                }
            }
        return seconds;
    }

    /// <summary>Runs a script to its end and returns what it said.</summary>
    /// <exception cref="CommandException">It failed; with what it said.</exception>
    public async Task<string> RunAsync(string script, string data, params string[] arguments)
    {
        // Into a file: the servers that it leaves running would keep a pipe open.
        var said = Path.Combine(data, $"{script}.said");
        using var process = Process.Start(new ProcessStartInfo("bash", ["-c", "\"$0\" \"$@\" > \"$SAID\" 2>&1", Path.Combine(_folder, script), .. arguments, "--dir", data])
        {
            Environment = { ["SAID"] = said },
        }) ?? throw new CommandException("bash does not start");
        await process.WaitForExitAsync();
        var text = File.Exists(said) ? await File.ReadAllTextAsync(said) : "";
        return process.ExitCode == 0 ? text : throw new CommandException($"{script} {arguments[0]}: {text.Trim()}");
    }
}
