using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Confluent.Kafka;
using Pipeline.Host.Configuration;

namespace Pipeline.Host.Diagnosis;

/// <summary>All checks, in the order in which a fault of one explains those after it.</summary>
internal static class Examination
{
    private const int WantedSdkMajor = 10;
    private const int WantedKafkaClient = 0x020b0000;   // 2.11: the mock cluster and the statistics that are read here

    /// <summary>Runs every check; each ends by itself, within seconds.</summary>
    public static async IAsyncEnumerable<Finding> RunAsync(IConfiguration configuration, TimeProvider time, [EnumeratorCancellation] CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        yield return await SdkAsync(stop);
        yield return KafkaClient();
        yield return Rights(Environment.CurrentDirectory);
        yield return Clock(time);
        var settings = PipelineSettings.From(configuration);
        await foreach (var finding in KafkaExamination.RunAsync(settings.Kafka, time, stop))
            yield return finding;
        yield return await StoreExamination.RunAsync(settings.Influx, settings.Store, stop);
    }

    private static async Task<Finding> SdkAsync(CancellationToken stop)
    {
        const string Check = ".NET SDK";
        try
        {
            using var dotnet = Process.Start(new ProcessStartInfo("dotnet", "--version") { RedirectStandardOutput = true, RedirectStandardError = true });
            if (dotnet is null)
                return new Finding(Check, Verdict.Fail, "dotnet cannot be started", "install the .NET SDK from https://dot.net");
            var version = (await dotnet.StandardOutput.ReadToEndAsync(stop)).Trim();
            await dotnet.WaitForExitAsync(stop);
            return version.StartsWith($"{WantedSdkMajor}.", StringComparison.Ordinal)
                ? new Finding(Check, Verdict.Ok, $"{version}, runtime {Environment.Version}, {RuntimeInformation.RuntimeIdentifier}")
                : new Finding(Check, Verdict.Warn, $"{version}; runtime {Environment.Version}", $"building needs SDK {WantedSdkMajor}: see global.json");
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return new Finding(Check, Verdict.Warn, $"no dotnet on the PATH; runtime {Environment.Version}", "building needs the SDK; running does not");
        }
    }

    private static Finding KafkaClient()
    {
        const string Check = "Kafka client";
        try
        {
            return Library.Version >= WantedKafkaClient
                ? new Finding(Check, Verdict.Ok, $"librdkafka {Library.VersionString}")
                : new Finding(Check, Verdict.Warn, $"librdkafka {Library.VersionString}", "2.11 or later is wanted: build again with ./pipeline setup, which brings the package's");
        }
        catch (Exception fault) when (fault is DllNotFoundException or TypeInitializationException or InvalidOperationException or FileNotFoundException)
        {
            return new Finding(Check, Verdict.Fail, $"librdkafka cannot be loaded: {fault.GetBaseException().Message}", "run ./pipeline setup, which brings the package's library for this system");
        }
    }

    /// <summary>Why <paramref name="folder"/> cannot be written; null when it can.</summary>
    internal static string? CanWrite(string folder)
    {
        var probe = Path.Combine(folder, $".pipeline-{Environment.ProcessId}");
        try
        {
            using (new FileStream(probe, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Options = FileOptions.DeleteOnClose }))
                return null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return fault.Message;
        }
    }

    private static Finding Rights(string folder) => CanWrite(folder) is { } fault
        ? new Finding("rights", Verdict.Warn, $"{folder} cannot be written: {fault}", "the demo then keeps its points below the temporary folder")
        : new Finding("rights", Verdict.Ok, $"{folder} can be written");

    /// <summary>A clock before the program was built is wrong for certain: every point would be stored in the past.</summary>
    private static Finding Clock(TimeProvider time)
    {
        const string Check = "clock";
        var now = time.GetUtcNow();
        var built = File.GetLastWriteTimeUtc(typeof(Examination).Assembly.Location);
        return now.UtcDateTime >= built.AddMinutes(-1)
            ? new Finding(Check, Verdict.Ok, $"{now:yyyy-MM-dd HH:mm:ss} UTC, {Stopwatch.Frequency / 1_000_000} ticks/µs")
            : new Finding(Check, Verdict.Fail, $"{now:yyyy-MM-dd HH:mm:ss} UTC is before this program was built ({built:yyyy-MM-dd HH:mm:ss})", "set the clock (timedatectl set-ntp true)");
    }
}
