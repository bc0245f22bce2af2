using System.Diagnostics;
using Pipeline.Models.Signals;

namespace Pipeline.Host.Recordings;

/// <summary>
/// A video as the traces of its skin's mean red, green and blue: the program of <c>Pipeline.Video</c>, which is fetched only for this, writes
/// them into a text file with the frames' time stamps, which is read as any other.
/// </summary>
internal sealed class VideoReader : IFrameReader
{
    /// <summary>Environment variable: the folder that holds the program.</summary>
    public const string FolderVariable = "PIPELINE_VIDEO";

    private const string Program = "pipeline-video.dll";
    private readonly DirectoryInfo _folder;
    private readonly CsvReader _traces;

    /// <exception cref="RecordingException">The program is not here, or cannot read the video.</exception>
    public VideoReader(string path, RecordingOptions options)
    {
        RecordingFile.Check(path);
        var name = Path.GetFileName(path);
        var program = Find() ?? throw new RecordingException(
            $"{name}: what reads videos is not here: './pipeline estimate {name}' in a checkout fetches it from the package registry (110 MB, once; Linux x64); or set {FolderVariable} to the folder that holds {Program}");
        _folder = Directory.CreateTempSubdirectory("pipeline-video-");
        try
        {
            var traces = Path.Combine(_folder.FullName, "traces.csv");
            string[] region = options.Region is { } said ? [said] : [];
            using var process = Process.Start(new ProcessStartInfo("dotnet", [program, "read", path, traces, .. region]) { RedirectStandardError = true })
                ?? throw new RecordingException($"{name}: {Program} cannot be started");
            var told = process.StandardError.ReadToEnd().Trim();
            process.WaitForExit();
            if (process.ExitCode != 0)
                throw new RecordingException(told.Length > 0 ? told[(told.LastIndexOf('\n') + 1)..] : $"{name}: {Program} ended with {process.ExitCode}");     // before it FFmpeg's own
            _traces = new CsvReader(traces, options);
        }
        catch
        {
            _folder.Delete(recursive: true);
            throw;
        }
    }

    /// <inheritdoc/>
    public SampleFormat Format => _traces.Format;

    /// <inheritdoc/>
    public IReadOnlyList<RecordedSignal> Signals => _traces.Signals;

    /// <inheritdoc/>
    public double FramesPerSecond => _traces.FramesPerSecond;

    /// <inheritdoc/>
    public double Seconds => _traces.Seconds;

    /// <inheritdoc/>
    public IReadOnlyList<string> Notes => _traces.Notes;

    /// <inheritdoc/>
    public bool ReadInto(ReadOnlySpan<SignalBuffer> buffers) => _traces.ReadInto(buffers);

    /// <inheritdoc/>
    public void Dispose()
    {
        _traces.Dispose();
        _folder.Delete(recursive: true);
    }

    /// <summary>The program; null where it is not.</summary>
    public static string? Find()
    {
        if (Environment.GetEnvironmentVariable(FolderVariable) is { Length: > 0 } named)
            return File.Exists(Path.Combine(named, Program)) ? Path.Combine(named, Program) : null;
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
            if (Path.Combine(at.FullName, ".cache", "video", Program) is var candidate && File.Exists(candidate))
                return candidate;
        return null;
    }
}
