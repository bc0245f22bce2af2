using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Pipeline.Host.Errors;
using Pipeline.Host.Kafka;
using Pipeline.Host.Status;

namespace Pipeline.Chaos.Servers;

/// <summary>One <c>run</c> of the product as a process of its own, to be killed, frozen and ended in order.</summary>
internal sealed partial class WorkerProcess : IDisposable
{
    private const int SigKill = 9, SigTerm = 15, SigCont = 18, SigStop = 19;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    private readonly IReadOnlyList<string> _arguments;
    private readonly string _log;
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(2) };
    private readonly TimeProvider _time;
    private Process? _process;

    /// <summary>Not started yet.</summary>
    /// <param name="name">Its name in the log's file name.</param>
    /// <param name="assignments">Settings, <c>KEY=VALUE</c>.</param>
    /// <param name="folder">Where its log goes.</param>
    /// <param name="time">For waiting.</param>
    public WorkerProcess(string name, IEnumerable<string> assignments, string folder, TimeProvider time)
    {
        (Name, _time) = (name, time);
        _log = Path.Combine(folder, $"{name}.log");
        Address = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{FreePort()}");
        string[] program = IsDotnet ? [HostAssembly] : [];
        _arguments = [.. program, "run", .. assignments.Concat([$"Web:Urls={Address}", "Access:Open=ThisMachine"]).SelectMany(assignment => new[] { "--set", assignment })];
    }

    /// <summary>What a worker's process executes: <c>dotnet</c>, or the host's own executable where this program was started by its own.</summary>
    public static string Executable => IsDotnet ? Environment.ProcessPath! : Path.ChangeExtension(HostAssembly, OperatingSystem.IsWindows() ? ".exe" : null);

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>Where its health and metrics are.</summary>
    public string Address { get; }

    /// <summary>Whether it runs, frozen or not.</summary>
    public bool IsRunning => _process is { HasExited: false };

    /// <summary>Resident memory in bytes; 0 when it does not run.</summary>
    public long ResidentBytes
    {
        get
        {
            if (_process is not { HasExited: false } process)
                return 0;
            process.Refresh();
            return process.WorkingSet64;
        }
    }

    /// <summary>CPU time that it used.</summary>
    public TimeSpan Cpu => _process is { HasExited: false } process ? process.TotalProcessorTime : TimeSpan.Zero;

    /// <summary>Starts it; a second start goes on in the same log.</summary>
    public void Start()
    {
        _process?.Dispose();
        // The shell hands the log over, so that a killed writer loses nothing and no pipe has to be read.
        _process = Process.Start(new ProcessStartInfo("bash", ["-c", "exec \"$0\" \"$@\" >> \"$WORKER_LOG\" 2>&1", Executable, .. _arguments])
        {
            Environment = { ["WORKER_LOG"] = _log },
        }) ?? throw new CommandException("bash does not start");
    }

    /// <summary>Waits until its web server answers.</summary>
    /// <exception cref="CommandException">It ended instead; with the end of its log.</exception>
    public async Task WaitUntilLiveAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(Look, _time);
        while (await timer.WaitForNextTickAsync(stop))
        {
            if (!IsRunning)
                throw new CommandException($"worker {Name} ended with {_process?.ExitCode}: {LastLines()}");
            if (await AnswersAsync("/health/live", stop))
                return;
        }
    }

    /// <summary>Whether it says that it does its work: partitions are assigned, the store answers.</summary>
    public Task<bool> IsReadyAsync(CancellationToken stop) => AnswersAsync("/health/ready", stop);

    /// <summary>What it says of the whole ward; null when it does not answer.</summary>
    public async Task<WardStatus?> StatusAsync(CancellationToken stop)
    {
        try
        {
            return await StatusQuery.FetchAsync(new Uri(Address), null, stop);
        }
        catch (CommandException)
        {
            return null;    // slow, or about to start: asked again
        }
    }

    /// <summary>Ends it as a crash does, and waits until it is gone.</summary>
    public async Task KillAsync()
    {
        Send(SigKill);
        await _process!.WaitForExitAsync();
    }

    /// <summary>Asks it to end, and waits until it has; answers its exit code.</summary>
    public async Task<int> TerminateAsync(CancellationToken stop)
    {
        Send(SigTerm);
        await _process!.WaitForExitAsync(stop);
        return _process.ExitCode;
    }

    /// <summary>Stops it where it stands.</summary>
    public void Freeze() => Send(SigStop);

    /// <summary>Lets it go on.</summary>
    public void Thaw() => Send(SigCont);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (IsRunning)
            Send(SigKill);
        _process?.Dispose();
        _http.Dispose();
    }

    /// <summary>The end of its log, for a person.</summary>
    public string LastLines() => File.Exists(_log) ? string.Join(Environment.NewLine, File.ReadLines(_log).TakeLast(5)) : "it said nothing";

    /// <summary>Readiness and the end of the log, for a person; its metrics go into a file beside the log.</summary>
    public async Task<string> TellAsync(CancellationToken stop)
    {
        try
        {
            await File.WriteAllTextAsync(Path.ChangeExtension(_log, ".metrics"), await _http.GetStringAsync(new Uri(Address + "/metrics"), stop), stop);
            using var ready = await _http.GetAsync(new Uri(Address + "/health/ready"), stop);
            return $"{await ready.Content.ReadAsStringAsync(stop)}; {LastLines()}";
        }
        catch (HttpRequestException fault)
        {
            return $"{fault.Message}; {LastLines()}";
        }
    }

    private async Task<bool> AnswersAsync(string path, CancellationToken stop)
    {
        try
        {
            using var answer = await _http.GetAsync(new Uri(Address + path), stop);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;   // not listening yet
        }
        catch (TaskCanceledException) when (!stop.IsCancellationRequested)
        {
            return false;   // slow to answer: asked again
        }
    }

    private static bool IsDotnet => Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet";

    private static string HostAssembly => typeof(KafkaOptions).Assembly.Location;

    /// <summary>A port that nobody listens at.</summary>
    internal static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private void Send(int signal)
    {
        if (_process is { HasExited: false } process && Kill(process.Id, signal) != 0)
            throw new CommandException(string.Create(CultureInfo.InvariantCulture, $"signal {signal} to worker {Name}: error {Marshal.GetLastPInvokeError()}"));
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Kill(int process, int signal);
}
