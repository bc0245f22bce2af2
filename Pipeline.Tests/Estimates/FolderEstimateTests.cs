using System.Diagnostics;
using Pipeline.Host.Commands;
using Pipeline.Host.Errors;
using Pipeline.Tests.Recordings;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Estimates;

/// <summary><c>estimate</c> of a folder: all recordings in it, and nothing else.</summary>
public sealed class FolderEstimateTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly TemporaryFolder _folder = new();
    private readonly TemporaryFolder _results = new();

    public void Dispose()
    {
        _folder.Dispose();
        _results.Dispose();
    }

    [Fact]
    public async Task All_recordings_of_a_folder_and_the_folders_in_it_are_run_and_what_is_none_is_passed_over_and_said()
    {
        Directory.CreateDirectory(Path.Combine(_folder.Path, "sub"));
        SimulatedRecording.Write(_folder.Path, "one", "ppg", 10);
        SimulatedRecording.Write(Path.Combine(_folder.Path, "sub"), "one", "ecg", 10);
        _folder.Write("readme.txt", "What these recordings are.\nNobody knows.\n");
        _folder.Write("one.ref.csv", "window_start_s,bpm\n0,70\n");
        _folder.Write(".hidden.edf", "no EDF");
        _folder.Write("trend.csv", "time_s,heart\n0,1\n1,2\n2,3\n");

        var (exit, output, error) = await RunAsync(_folder.Path, "--output", _results.Path, "--beats", _results.Path);

        Assert.Equal((ExitCode.Ok, ""), (exit, output));
        Assert.Equal(["one-2.beats.csv", "one-2.csv", "one.beats.csv", "one.csv"], Names(_results.Path));
        Assert.Equal(4, error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Contains("readme.txt: no rows of samples: passed over\n", error, StringComparison.Ordinal);
        Assert.Contains("trend.csv: nothing to estimate: heart, kind unknown, ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_broken_recording_of_a_folder_is_a_fault_and_what_estimate_wrote_is_no_recording()
    {
        SimulatedRecording.Write(_folder.Path, "one", "ppg", 10);
        await RunAsync(_folder.Path, "--output", _folder.Path, "--beats", _folder.Path);

        var (again, _, said) = await RunAsync(_folder.Path, "--output", _results.Path);
        _folder.Write("broken.edf", "no EDF");
        var (broken, _, _) = await RunAsync(_folder.Path, "--output", _results.Path);

        Assert.Equal(ExitCode.Ok, again);
        Assert.Single(said.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(ExitCode.BadUsage, broken);
        Assert.Equal(["one.csv"], Names(_results.Path));
    }

    [Fact]
    public async Task Segments_are_run_as_the_record_that_they_make()
    {
        short[] pulse = [.. Enumerable.Range(0, 1250).Select(i => (short)(3000 * Math.Sin(i * 2 * Math.PI * 1.2 / 125)))];
        WfdbFiles.Write(_folder.Path, "s1", 125, [("PPG", "1000", pulse)]);
        WfdbFiles.Write(_folder.Path, "s2", 125, [("PPG", "1000", pulse)]);
        _folder.Write("whole.hea", "whole/2 1 125 2500\ns1 1250\ns2 1250\n");

        var (exit, _, _) = await RunAsync(_folder.Path, "--output", _results.Path);

        Assert.Equal(ExitCode.Ok, exit);
        Assert.Equal(["whole.csv"], Names(_results.Path));
        Assert.Equal(8, File.ReadAllLines(Path.Combine(_results.Path, "whole.csv")).Length);
    }

    [SkippableFact]
    public async Task A_pipe_and_a_link_that_leads_back_do_not_hang()
    {
        Skip.IfNot(OperatingSystem.IsLinux() && File.Exists("/usr/bin/mkfifo"), "no mkfifo");
        SimulatedRecording.Write(_folder.Path, "one", "ppg", 10);
        var pipe = Path.Combine(_folder.Path, "pipe.csv");
        using (var made = Process.Start("/usr/bin/mkfifo", [pipe]))
            await made.WaitForExitAsync();
        Directory.CreateSymbolicLink(Path.Combine(_folder.Path, "back"), _folder.Path);
        File.CreateSymbolicLink(Path.Combine(_results.Path, "linked.hea"), Path.Combine(_folder.Path, "one.hea"));
        File.CreateSymbolicLink(Path.Combine(_results.Path, "one.dat"), Path.Combine(_folder.Path, "one.dat"));

        var (exit, _, _) = await RunAsync(_folder.Path, "--output", Path.Combine(_results.Path, "out"));
        var (named, _, said) = await RunAsync(pipe);
        var (linked, _, _) = await RunAsync(Path.Combine(_results.Path, "linked.hea"));

        Assert.Equal((ExitCode.Ok, ExitCode.BadUsage, ExitCode.Ok), (exit, named, linked));
        Assert.Equal(["one.csv"], Names(Path.Combine(_results.Path, "out")));
        Assert.Equal("pipe.csv: is empty, or is no regular file\n", said);
    }

    [Fact]
    public async Task A_folder_without_recordings_or_without_a_place_for_the_results_is_one_line()
    {
        _folder.Write("notes.md", "nothing");
        var (none, _, said) = await RunAsync(_folder.Path);
        SimulatedRecording.Write(_folder.Path, "one", "ppg", 10);
        SimulatedRecording.Write(_folder.Path, "two", "ppg", 10);
        var (unplaced, _, wanted) = await RunAsync(_folder.Path);

        Assert.Equal((ExitCode.BadUsage, ExitCode.BadUsage), (none, unplaced));
        Assert.Equal($"{_folder.Path}: no recordings in it; they end in .hea .edf .rec .wav .csv .tsv .txt .mp4 .avi .mov.\n", said);
        Assert.Equal("2 recordings need --output FOLDER: each gets a file of its own.\n", wanted);
    }

    private static IEnumerable<string?> Names(string folder) => Directory.GetFiles(folder, "*.csv").Select(Path.GetFileName).Order(StringComparer.Ordinal);

    private static async Task<(int Exit, string Output, string Error)> RunAsync(params string[] arguments)
    {
        var (output, error) = (new StringWriter { NewLine = "\n" }, new StringWriter { NewLine = "\n" });
        var exit = await Task.Run(() => CommandLine.InvokeAsync(["estimate", .. arguments], output, error, CancellationToken.None)).WaitAsync(Patience);
        return (exit, output.ToString(), error.ToString());
    }
}
