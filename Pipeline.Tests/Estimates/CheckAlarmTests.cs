using Pipeline.Host.Commands;
using Pipeline.Host.Errors;
using Pipeline.Models.Simulation;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Estimates;

/// <summary><c>estimate --check-alarm</c> as a user types it, on simulated recordings.</summary>
public sealed class CheckAlarmTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task An_alarm_about_a_calm_ecg_is_false_with_the_reason_and_nothing_else_is_printed()
    {
        var (path, _) = SimulatedRecording.Write(_folder.Path, "calm", "ecg", 60);

        var (exit, output) = await RunAsync("estimate", path, "--check-alarm", "asystole@50");

        Assert.Equal(ExitCode.Ok, exit);
        Assert.Matches("^false,0[.0-9]*,[01]\\.[0-9] s without a beat at most in ecg\n$", output);
    }

    [Theory]
    [InlineData("bradycardia@41.5")]
    [InlineData("ventricular_tachycardia@41.5")]
    public async Task The_check_depends_on_nothing_after_its_second(string alarm)
    {
        var busy = SimulatedWard.Bed(2, 5, new(0), 0, default);
        var (whole, _) = SimulatedRecording.Write(_folder.Path, "whole", "ecg", 80, busy);
        var (cut, _) = SimulatedRecording.Write(_folder.Path, "cut", "ecg", 80, busy, cutAt: 41.5);

        var (_, all) = await RunAsync("estimate", whole, "--check-alarm", alarm);
        var (_, some) = await RunAsync("estimate", cut, "--check-alarm", alarm);

        Assert.StartsWith("false,", some, StringComparison.Ordinal);
        Assert.Equal(some, all);
    }

    [Theory]
    [InlineData("asystole")]
    [InlineData("asystole@")]
    [InlineData("asystole@0")]
    [InlineData("apnea@30")]
    public async Task What_cannot_be_checked_is_a_line(string alarm)
    {
        var (path, _) = SimulatedRecording.Write(_folder.Path, "r", "ecg", 20);

        var (exit, output) = await RunAsync("estimate", path, "--check-alarm", alarm);

        Assert.Equal((ExitCode.BadUsage, ""), (exit, output));
    }

    [Fact]
    public async Task Beside_a_check_nothing_is_written()
    {
        var (path, _) = SimulatedRecording.Write(_folder.Path, "r", "ecg", 20);

        Assert.Equal((ExitCode.BadUsage, ""), await RunAsync("estimate", path, "--check-alarm", "asystole@15", "--beats", Path.Combine(_folder.Path, "beats.csv")));
    }

    private static async Task<(int Exit, string Output)> RunAsync(params string[] arguments)
    {
        var output = new StringWriter { NewLine = "\n" };
        var exit = await CommandLine.InvokeAsync(arguments, output, TextWriter.Null, CancellationToken.None);
        return (exit, output.ToString());
    }
}
