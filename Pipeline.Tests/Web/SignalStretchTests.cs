using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Host.Kafka;
using Pipeline.Host.Recordings;
using Pipeline.Host.Web;
using Pipeline.Models.Signals;
using Pipeline.Tests.Recordings;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Web;

/// <summary>Signals of the past: from the input topic onto a grid, to a screen and into files.</summary>
public sealed class SignalStretchTests : IDisposable
{
    private static readonly DateTimeOffset Start = Chunks.Start.ToDateTimeOffset();
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Chunks_lie_on_the_grid_of_the_stretch_and_what_is_not_there_is_missing()
    {
        //  chunks (10 Hz)   0--9       20--29
        //  stretch             5--------------24
        var stretch = SignalStretch.Of([Chunks.Of(0, 10), Chunks.Of(20, 10)], Start.AddSeconds(0.5), Start.AddSeconds(2.5));

        var channel = Assert.Single(stretch.Channels);
        Assert.Equal([5f, 6, 7, 8, 9, .. Enumerable.Repeat(float.NaN, 10), 20, 21, 22, 23, 24], channel.Values);
    }

    [Fact]
    public async Task A_line_of_CSV_is_a_sample_and_no_name_is_a_formula()
    {
        var channels = new ChannelLayout(new Channel("=cmd,\"x\"", SignalKind.Ecg, "mV"));
        var (stretch, text) = (SignalStretch.Of([Chunks.Of(0, 2, channels: channels), Chunks.Of(3, 1, channels: channels)], Start, Start.AddSeconds(0.4)), new StringWriter());

        await stretch.WriteCsvAsync(text);

        Assert.Equal(
            ["time,device,channel,unit,value", "2026-07-01T08:00:00.000000Z,d1,\"'=cmd,\"\"x\"\"\",mV,0", "2026-07-01T08:00:00.100000Z,d1,\"'=cmd,\"\"x\"\"\",mV,1",
                "2026-07-01T08:00:00.300000Z,d1,\"'=cmd,\"\"x\"\"\",mV,3"],
            text.ToString().TrimEnd().Split(text.NewLine));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void What_is_written_as_EDF_is_read_back_within_a_step_of_the_converter(int seed)
    {
        var random = new Random(seed);
        var ecg = new WrittenSignal("II", "mV", 250, [.. Enumerable.Range(0, 2_500).Select(i => (float)(Math.Sin(i / 20.0) + random.NextDouble()))]);
        var pleth = new WrittenSignal("PLETH", "1", 62.5, [.. Enumerable.Range(0, 625).Select(_ => (float)(1e4 * random.NextDouble()))]);
        // A record in which nothing came, and a few samples.
        ecg.Values.AsSpan(1_000, 500).Fill(float.NaN);
        pleth.Values.AsSpan(250, 125).Fill(float.NaN);
        var path = Path.Combine(_folder.Path, "x.edf");
        using (var file = File.Create(path))
            EdfWriter.Write(file, "P1", Start, [ecg, pleth]);

        using var recording = Reading.Open(path);
        var values = Reading.Physical(recording);

        foreach (var signal in new[] { ecg, pleth })
        {
            var (written, read) = (signal.Values, values[signal.Label]);
            var step = 1.05 * (written.Where(float.IsFinite).Max() - written.Where(float.IsFinite).Min()) / 65_534;
            Assert.Equal(written.Length, read.Length);
            for (var i = 0; i < written.Length; i++)
                Assert.True(float.IsNaN(written[i]) ? double.IsNaN(read[i]) : Math.Abs(written[i] - read[i]) <= step, $"{signal.Label} {i}: {written[i]} and {read[i]}");
        }
    }

    [Fact]
    public void Rates_that_fit_no_data_record_are_told() =>
        Assert.Null(EdfWriter.RecordSecondsOf([new WrittenSignal("a", "", 99.123, [1])]));

    [Fact]
    public void A_spectrogram_shows_the_rate_of_a_pulse()
    {
        float[] values = [.. Enumerable.Range(0, 64 * 30).Select(i => (float)Math.Sin(2 * Math.PI * 1.5 * i / 64))];
        values[64 * 25] = float.NaN;

        var spectra = Spectrogram.Of(new StretchChannel("d", "PLETH", "ppg", "1", 64, values));

        var levels = Convert.FromBase64String(spectra.Levels).Chunk(spectra.BinCount).ToArray();
        Assert.Equal(23, levels.Length);        // of 8 s, each second
        Assert.Equal(1.5, spectra.LowHz + spectra.StepHz * Array.IndexOf(levels[3], (byte)255), 0.02);
        Assert.All(levels[18..], frame => Assert.All(frame, level => Assert.Equal(0, level)));
    }

    [Fact]
    public async Task Signals_are_read_from_the_input_topic_and_those_of_others_are_not()
    {
        using var broker = new EmbeddedBroker();
        var kafka = broker.Prepare(new KafkaOptions { Partitions = 2 });
        await using (var publisher = new KafkaPublisher(kafka, NullLogger<KafkaPublisher>.Instance, TimeProvider.System))
        {
            for (var second = 0; second < 6; second++)
                foreach (var patient in new[] { "P1", "P2", "P3" })
                    await publisher.PublishAsync(Chunks.Of(10 * second, 10, patient), CancellationToken.None);
            await publisher.FlushAsync(CancellationToken.None);
        }

        var read = await StretchReader.ReadAsync(kafka, new PatientId("P2"), Start.AddSeconds(1.5), Start.AddSeconds(4), TimeProvider.System, CancellationToken.None);

        Assert.Equal([10L, 20, 30], read.Select(chunk => chunk.FirstSampleIndex));
        Assert.All(read, chunk => Assert.Equal("P2", chunk.Patient.Value));
        Assert.Empty(await StretchReader.ReadAsync(kafka, new PatientId("P4"), Start, Start.AddSeconds(4), TimeProvider.System, CancellationToken.None));
    }

    [Fact]
    public async Task The_last_window_before_a_time_is_explained_to_those_who_see_the_patient()
    {
        var (ward, tokens) = await WebWard.StartWithUsersAsync();
        await using var _ = ward;
        var to = Start.AddSeconds(64).ToUnixTimeMilliseconds();

        using var answer = await ward.Client(tokens["nurse"]).GetAsync($"/api/patients/P1/explanation?to={to}");
        using var nobody = await ward.Client(null).GetAsync($"/api/patients/P1/explanation?to={to}");
        using var wrong = await ward.Client(tokens["nurse"]).GetAsync("/api/patients/P1/explanation?to=-5");

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Unauthorized, HttpStatusCode.BadRequest), (answer.StatusCode, nobody.StatusCode, wrong.StatusCode));
        var explained = await answer.Content.ReadFromJsonAsync<JsonElement>();
        var bands = explained.GetProperty("bands").EnumerateArray().Select(one => one.GetDouble()).ToList();
        var most = 30 + 2.5 * bands.IndexOf(bands.Max());
        Assert.Equal(85, bands.Count);
        Assert.Equal(explained.GetProperty("networkRate").GetDouble(), most, 10.0);
        Assert.Equal(["acc", "before", "likelihood", "ppg"], explained.GetProperty("lost").EnumerateObject().Select(one => one.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_stretch_is_taken_away_by_those_who_may_and_the_audit_says_so()
    {
        var (ward, tokens) = await WebWard.StartWithUsersAsync();
        await using var _ = ward;
        var from = Start.ToUnixTimeMilliseconds();

        using var strip = await ward.Client(tokens["engineer"]).GetAsync($"/api/patients/P1/stretch?from={from}&to={from + 10_000}");
        using var spectra = await ward.Client(tokens["engineer"]).GetAsync($"/api/patients/P1/spectrogram?from={from}&to={from + 60_000}");
        using var refused = await ward.Client(tokens["engineer"]).GetAsync($"/api/patients/P1/stretch.csv?from={from}&to={from + 10_000}");
        using var csv = await ward.Client(tokens["scientist"]).GetAsync($"/api/patients/P1/stretch.csv?from={from}&to={from + 10_000}");
        using var edf = await ward.Client(tokens["scientist"]).GetAsync($"/api/patients/P1/stretch.edf?from={from}&to={from + 10_000}");
        using var tooLong = await ward.Client(tokens["scientist"]).GetAsync($"/api/patients/P1/stretch.csv?from={from}&to={from + 10_000_000}");

        Assert.Equal((HttpStatusCode.Forbidden, HttpStatusCode.BadRequest), (refused.StatusCode, tooLong.StatusCode));
        Assert.True((await strip.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("channels").GetArrayLength() > 1);
        Assert.True((await spectra.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("spectra").GetProperty("levels").GetString()!.Length > 1_000);
        Assert.StartsWith("time,device,channel,unit,value", await csv.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        await File.WriteAllBytesAsync(Path.Combine(_folder.Path, "y.edf"), await edf.Content.ReadAsByteArrayAsync());
        using (var recording = Reading.Open(Path.Combine(_folder.Path, "y.edf")))
            Assert.Contains(Reading.Physical(recording).Keys, label => label.Contains("II", StringComparison.Ordinal) || label.Contains("ECG", StringComparison.Ordinal));
        var audit = await File.ReadAllTextAsync(Path.Combine(ward.Folder, "audit.jsonl"));
        Assert.Contains("\"act\":\"export\",\"patient\":\"P1\",\"detail\":\"csv,", audit, StringComparison.Ordinal);
        Assert.Contains("\"detail\":\"edf,", audit, StringComparison.Ordinal);
    }
}
