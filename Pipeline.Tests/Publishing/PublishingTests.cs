using System.Globalization;
using Pipeline.Host.Commands;
using Pipeline.Host.Errors;
using Pipeline.Host.Kafka;
using Pipeline.Host.Publishing;
using Pipeline.Host.Recordings;
using Pipeline.Host.Wire;
using Pipeline.Models.Signals;
using Pipeline.Tests.Estimates;
using Pipeline.Tests.Kafka;
using Pipeline.Tests.Recordings;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Publishing;

/// <summary><c>replay</c> and <c>simulate</c> against the embedded broker.</summary>
public sealed class PublishingTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly EmbeddedBroker _broker = new();
    private readonly KafkaOptions _options;

    public PublishingTests() => _options = _broker.Prepare(new KafkaOptions());

    public void Dispose()
    {
        _broker.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_replayed_recording_lies_in_the_topic_as_its_device_would_have_sent_it()
    {
        var (path, _) = SimulatedRecording.Write(_folder.Path, "r", "ppg", 12);
        using var recording = Reading.Open(path);
        var expected = Reading.Chunks(recording);

        var (exit, output, error) = await RunAsync("replay", path, "--bed", "icu-7", "--speed", "1000", "--kafka", _broker.BootstrapServers);

        var sent = await ReadAsync();
        Assert.Equal((ExitCode.Ok, $"r.hea: {recording.ChannelsNote}\n"), (exit, error));
        Assert.Contains("Published 12 chunks, 6,000 samples, of 1 patients", output, StringComparison.Ordinal);
        Assert.Equal(expected.Select(chunk => chunk.Samples.ToArray()), sent.Select(chunk => chunk.Samples.ToArray()));
        Assert.Equal(Enumerable.Range(0, 12).Select(i => 125L * i), sent.Select(chunk => chunk.FirstSampleIndex));
        Assert.All(sent, chunk => Assert.Equal(("r", "icu-7", "monitor", sent[0].Epoch), (chunk.Patient.Value, chunk.Bed, chunk.Device, chunk.Epoch)));
        Assert.Equal([sent[^1]], sent.Where(chunk => chunk.EndOfStream));
    }

    [Fact]
    public async Task A_simulated_ward_is_published_with_its_truth()
    {
        var truth = Path.Combine(_folder.Path, "truth.csv");

        var (exit, output, _) = await RunAsync(
            "simulate", "--beds", "3", "--seconds", "10", "--speed", "1000", "--seed", "4", "--faultless", "--truth", truth, "--kafka", _broker.BootstrapServers);

        var sent = await ReadAsync();
        Assert.Equal(ExitCode.Ok, exit);
        // Three beds with PPG and ECG, one of them with an arterial line: 7 devices of 10 s.
        Assert.Contains("Published 70 chunks", output, StringComparison.Ordinal);
        Assert.Equal(70, sent.Count);
        Assert.Equal(7, sent.Count(chunk => chunk.EndOfStream));
        var rows = await File.ReadAllLinesAsync(truth);
        Assert.Equal(TruthRows.BeatHeader, rows[0]);
        Assert.Equal(3, rows.Skip(1).Select(row => row.Split(',')[0]).Distinct().Count());
        Assert.All(rows.Skip(1), row => Assert.InRange(double.Parse(row.Split(',')[1], CultureInfo.InvariantCulture), 0, 10));
    }

    [Fact]
    public async Task A_simulated_labour_ward_is_published_with_all_that_is_known_of_it()
    {
        var truth = Path.Combine(_folder.Path, "truth.csv");

        var (exit, output, _) = await RunAsync(
            "simulate", "--fetal", "2", "--seconds", "90", "--speed", "1000", "--faultless", "--truth", truth, "--kafka", _broker.BootstrapServers);

        var sent = await ReadAsync();
        Assert.Equal(ExitCode.Ok, exit);
        Assert.Contains("Publishing 2 simulated beds, all in labour", output, StringComparison.Ordinal);
        Assert.Equal(["ctg", "fecg"], sent.Select(chunk => chunk.Device).Distinct().Order());
        Assert.Equal(2 * 2 * 90, sent.Count);
        var rows = (await File.ReadAllLinesAsync(truth)).Select(row => row.Split(',')).ToList();
        Assert.Equal(TruthRows.LabourHeader, string.Join(',', rows[0]));
        Assert.All(rows, row => Assert.Equal(rows[0].Length, row.Length));
        var counts = rows.Skip(1).CountBy(row => row[1]).ToDictionary();
        Assert.InRange(counts["fetal_beat"], 2 * 90 * 80 / 60, 2 * 90 * 200 / 60);
        Assert.InRange(counts["beat"], 2 * 90 * 50 / 60, 2 * 90 * 140 / 60);
        Assert.Equal(4, counts["baseline"]);
    }

    [Fact]
    public async Task Stopped_it_ends_the_streams_and_counts_what_was_delivered()
    {
        var (path, _) = SimulatedRecording.Write(_folder.Path, "r", "ppg", 30);
        using var stop = new CancellationTokenSource();
        await using var output = new StoppingWriter(stop);

        var exit = await CommandLine.InvokeAsync(["replay", path, "--loop", "--kafka", _broker.BootstrapServers], output, TextWriter.Null, stop.Token);

        var sent = await ReadAsync();
        Assert.Equal(ExitCode.Ok, exit);
        Assert.Contains($"{sent.Count} reached the brokers, 0 did not.", output.ToString(), StringComparison.Ordinal);
        Assert.True(sent.Count == 0 || sent[^1].EndOfStream);
    }

    [Fact]
    public void A_looping_recording_restarts_its_device_with_the_next_epoch_where_the_last_one_ended()
    {
        var (path, _) = SimulatedRecording.Write(_folder.Path, "r", "ecg", 3);

        var chunks = RecordedSequence.Of(path, RecordingOptions.None, Reading.Someone, isLooping: true).Take(7).ToList();

        Assert.Equal([1, 1, 1, 2, 2, 2, 3], chunks.Select(chunk => chunk.Epoch));
        Assert.Equal([0, 250, 500, 0, 250, 500, 0], chunks.Select(chunk => chunk.FirstSampleIndex));
        Assert.Equal(Enumerable.Range(0, 7).Select(i => i * Timestamp.NanosecondsPerSecond), chunks.Select(chunk => chunk.FirstSampleTime.UnixNanoseconds));
    }

    [Fact]
    public async Task What_cannot_be_published_is_one_clear_line()
    {
        var (path, _) = SimulatedRecording.Write(_folder.Path, "r", "ecg", 3);

        var (broken, _, edf) = await RunAsync("replay", path, _folder.Write("x.edf", "no"), "--kafka", _broker.BootstrapServers);
        var (missing, _, topic) = await RunAsync("replay", path, "--kafka", _broker.BootstrapServers, "--set", "Kafka:SamplesTopic=other");

        Assert.Equal(ExitCode.BadUsage, broken);
        Assert.EndsWith("x.edf: does not begin like an EDF file\n", edf, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Failed, missing);
        Assert.EndsWith($"Topic other is missing at {_broker.BootstrapServers}: ./pipeline topics creates it.\n", topic, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_recording_whose_device_the_pipeline_would_refuse_is_told_so_before_anything_is_published()
    {
        var wav = _folder.Write("stereo.wav", StereoWav(rateHz: 7_900, seconds: 1));

        var (refused, output, error) = await RunAsync("replay", wav, "--channel", "1=ecg", "--channel", "2=ecg", "--kafka", _broker.BootstrapServers, "--set", "Topology:MaxPatientBytes=200000");
        var (taken, _, _) = await RunAsync("replay", wav, "--speed", "1000", "--kafka", _broker.BootstrapServers, "--set", "Topology:MaxPatientBytes=2000000");

        Assert.Equal((ExitCode.BadUsage, ""), (refused, output));
        Assert.StartsWith("stereo.wav: 2 channels at 7900 Hz need 252800 bytes of samples a window; at most MaxPatientBytes = 200000 are kept", error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Ok, taken);
    }

    /// <summary>Two channels of silence, as a RIFF file with 16-bit PCM.</summary>
    private static byte[] StereoWav(int rateHz, int seconds)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        var size = 4 * rateHz * seconds;
        writer.Write("RIFF"u8);
        writer.Write(36 + size);
        writer.Write("WAVEfmt "u8);
        foreach (var value in (int[])[16, 2 << 16 | 1, rateHz, 4 * rateHz, 16 << 16 | 4])
            writer.Write(value);
        writer.Write("data"u8);
        writer.Write(size);
        writer.Write(new byte[size]);
        writer.Flush();
        return stream.ToArray();
    }

    private async Task<List<SampleChunk>> ReadAsync()
    {
        var records = await TopicReading.ReadAllAsync(_options, _options.SamplesTopic);
        var decoder = new SampleDecoder();
        return [.. records.Select(record => decoder.Decode(record.Message.Key, record.Message.Value, out var refused) ?? throw new InvalidDataException(refused))];
    }

    private static async Task<(int Exit, string Output, string Error)> RunAsync(params string[] arguments)
    {
        var (output, error) = (new StringWriter { NewLine = "\n" }, new StringWriter { NewLine = "\n" });
        var exit = await CommandLine.InvokeAsync(arguments, output, error, CancellationToken.None);
        return (exit, output.ToString(), error.ToString());
    }

    /// <summary>Stops what writes to it at its first line, as Ctrl-C would.</summary>
    private sealed class StoppingWriter(CancellationTokenSource stop) : StringWriter
    {
        public override async Task WriteLineAsync(string? value)
        {
            await base.WriteLineAsync(value);
            await stop.CancelAsync();
        }
    }
}
