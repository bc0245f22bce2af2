using System.Buffers;
using System.Globalization;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Pipeline.Actors;
using Pipeline.Host.Store;
using Pipeline.Models;
using Pipeline.Models.Signals;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Store;

public sealed class LineProtocolTests
{
    [Fact]
    public void A_point_is_one_line_with_six_tags_all_fields_and_its_time()
    {
        var line = Write(Points.Of(5, patient: "P-17", bed: "B 3", ward: "ICU=1", device: "mon,2"));

        Assert.Equal(
            "vitals,ward=ICU\\=1,bed=B\\ 3,pid=P-17,device=mon\\,2,signal=ecg,metric=heart_rate "
            + "quality=0.5,coverage=1,status=\"ok\",model=\"classical\",value=65,sigma=1.25 1782892810000000000\n", line);
    }

    [Fact]
    public void A_point_without_a_value_has_every_field_but_value_and_sigma()
    {
        var line = Write(Points.Of(5, status: EstimateStatus.LowQuality));

        Assert.Contains(" quality=0.5,coverage=1,status=\"low_quality\",model=\"classical\" 1782892810000000000\n", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(double.NaN, 1, "", "")]
    [InlineData(double.PositiveInfinity, 1, "", "")]
    [InlineData(60, double.NaN, ",value=60", "")]
    [InlineData(60, double.NegativeInfinity, ",value=60", "")]
    public void A_number_that_is_not_finite_is_never_written(double value, double sigma, string writtenValue, string writtenSigma)
    {
        var point = Points.Of(5);
        var line = Write(point with { Estimate = point.Estimate with { Value = value, Sigma = sigma } });

        Assert.Contains($"model=\"classical\"{writtenValue}{writtenSigma} 1", line, StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_name_is_written_as_a_dash() =>
        Assert.StartsWith("vitals,ward=-,bed=-,pid=P1,", Write(Points.Of(1, ward: "", bed: "")), StringComparison.Ordinal);

    [Theory]
    [InlineData("ward\\", "ward＼")]
    [InlineData("a\\,b", "a＼\\,b")]
    [InlineData("a\\\\ b", "a\\＼\\ b")]
    [InlineData("a\\b", "a\\b")]
    [InlineData("a\nb\tc\0", "a\uFFFDb\uFFFDc\uFFFD")]
    public void A_backslash_that_would_escape_and_a_control_character_are_replaced(string ward, string written) =>
        Assert.StartsWith($"vitals,ward={written},bed=b1,", Write(Points.Of(1, ward: ward)), StringComparison.Ordinal);

    [Fact]
    public void Writing_allocates_nothing_once_the_buffer_is_there()
    {
        var written = new ArrayBufferWriter<byte>(1 << 16);
        var point = Points.Of(5, ward: "ICU-1");
        WriteTimes(100);

        var allocated = Allocation.Least(() => WriteTimes(100));

        Assert.Equal(0, allocated);

        void WriteTimes(int times)
        {
            written.ResetWrittenCount();
            for (var i = 0; i < times; i++)
                LineProtocol.Append(point, written);
        }
    }

    [Fact]
    public void The_same_point_gives_the_same_bytes() =>
        Assert.Equal(Write(Points.Of(9)), Write(Points.Of(9) with { Origin = new Origin("samples", 3, 4_711) }));

    [Fact]
    public void Names_too_long_for_a_series_key_are_a_fault() =>
        Assert.Contains("65535", LineProtocol.FindFault(Points.Of(1, ward: new string('w', 30_000))), StringComparison.Ordinal);

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void A_quality_that_is_not_a_number_is_a_fault(double quality) => Assert.NotNull(LineProtocol.FindFault(Points.Of(1, quality: quality)));

    /// <summary>The naive parser below stands for the server's: what it reads is what was written, for any names and numbers.</summary>
    [Fact]
    public void Any_point_comes_back_from_a_naive_parser()
    {
        var name = Gen.Elements("a,=  \\\\\"\n\r\t\0é心😀'#-0".EnumerateRunes().Select(rune => rune.ToString()).ToArray())
            .ListOf().Select(runes => string.Concat(runes.Take(20)));
        var number = ArbMap.Default.GeneratorFor<double>().Where(double.IsFinite);
        var points =
            from ward in name
            from bed in name
            from device in name
            from model in name
            from value in number
            from quality in number
            from time in ArbMap.Default.GeneratorFor<long>()
            from status in Gen.Elements(Enum.GetValues<EstimateStatus>())
            select new VitalPoint(
                default, new PatientId("p=1, \\"), ward, bed, device, 0, 0, default, new Timestamp(time),
                new Estimate(SignalKind.Ppg, Metric.HeartRate, status == EstimateStatus.Ok ? value : double.NaN, value, quality, 1, status, model));

        Prop.ForAll(points.ToArbitrary(), point => RoundTrips(point)).QuickCheckThrowOnFailure();
    }

    /// <summary>A patient with everything: monitor, wearable, fetal monitor, camera; ten device restarts, every status, ten models.</summary>
    [Fact]
    public void A_patient_has_at_most_50_series_whatever_its_points_say()
    {
        (string Device, SignalKind[] Signals)[] ward =
        [
            ("monitor", [SignalKind.Ecg, SignalKind.Ppg, SignalKind.Abp, SignalKind.Resp, SignalKind.Cvp]),
            ("wearable", [SignalKind.Ppg, SignalKind.Acc, SignalKind.Gyr, SignalKind.Ecg]),
            ("stethoscope", [SignalKind.HeartSound]),
            ("camera", [SignalKind.Camera]),
        ];
        (string Device, SignalKind[] Signals)[] labour =
        [
            ("ctg", [SignalKind.FetalHeartRate, SignalKind.SecondFetalHeartRate, SignalKind.UterineActivity]),
            ("abdomen", [SignalKind.FetalEcg]),
        ];

        Assert.InRange(1 + SeriesOf(ward), 1, 50);
        Assert.InRange(1 + SeriesOf(labour), 1, 50);
    }

    private static int SeriesOf((string Device, SignalKind[] Signals)[] devices)
    {
        var series = new HashSet<string>();
        foreach (var (device, signals) in devices)
            foreach (var signal in signals)
                foreach (var metric in Enum.GetValues<Metric>().Where(metric => IsOf(metric, signal)))
                    for (var i = 0; i < 1_000; i++)
                    {
                        var point = Points.Of(i, device: device, signal: signal, status: (EstimateStatus)(i % 6), quality: i / 1000.0, model: $"m{i % 10}");
                        var line = Write(point with { Epoch = i / 100, Estimate = point.Estimate with { Metric = metric } });
                        series.Add(line[..line.IndexOf(' ', StringComparison.Ordinal)]);
                    }

        return series.Count;
    }

    /// <summary>Whether a stage can give a metric for a signal.</summary>
    private static bool IsOf(Metric metric, SignalKind signal) => metric switch
    {
        Metric.Presence => true,
        Metric.Alarm => false,      // the patient's: one more
        Metric.HeartRate => signal is not (SignalKind.FetalHeartRate or SignalKind.SecondFetalHeartRate or SignalKind.UterineActivity),
        Metric.Contraction or Metric.ContractionRate or Metric.UterineActivity => signal == SignalKind.UterineActivity,
        Metric.Systolic or Metric.Diastolic or Metric.MeanPressure or Metric.PulsePressure => signal == SignalKind.Abp,
        Metric.Anomaly => false,    // of an autoencoder, which is off by default: one more for each ECG
        // Of the monitor and the wearable. A stethoscope and a camera beside both have a variability of their own, which is not counted: 10 and 2 more.
        >= Metric.Sdnn and <= Metric.RhythmOngoing => signal == SignalKind.Ecg,
        _ => signal is SignalKind.FetalHeartRate or SignalKind.SecondFetalHeartRate or SignalKind.FetalEcg,
    };

    [Fact]
    public void Whether_a_device_sends_is_a_measurement_of_its_own_with_the_time_up_to_which_it_has()
    {
        var point = Points.Of(4, time: Points.Start.AddSeconds(100));

        var line = Write(point with { Estimate = new Estimate(SignalKind.Ecg, Metric.Presence, double.NaN, double.NaN, 0, 0, EstimateStatus.Silent, "") });

        Assert.Equal("presence,ward=w1,bed=b1,pid=P1,device=d1,signal=ecg status=\"silent\",since=1782892800000 1782892900000000000\n", line);
    }

    private static string Write(VitalPoint point)
    {
        var written = new ArrayBufferWriter<byte>();
        LineProtocol.Append(point, written);
        return Encoding.UTF8.GetString(written.WrittenSpan);
    }

    private static bool RoundTrips(VitalPoint point)
    {
        var line = Write(point);
        var parsed = NaiveLine.Parse(line[..^1]);
        var estimate = point.Estimate;
        var expected = new Dictionary<string, object>
        {
            ["ward"] = Tag(point.Ward),
            ["bed"] = Tag(point.Bed),
            ["pid"] = Tag(point.Patient.Value),
            ["device"] = Tag(point.Device),
            ["signal"] = "ppg",
            ["metric"] = "heart_rate",
            ["quality"] = estimate.Quality,
            ["coverage"] = estimate.Coverage,
            ["status"] = Names.Of(estimate.Status),
            ["model"] = Clean(estimate.Model),
        };
        if (estimate.Status == EstimateStatus.Ok)
            (expected["value"], expected["sigma"]) = (estimate.Value, estimate.Sigma);
        return line.EndsWith('\n') && !line[..^1].Any(char.IsControl)
            && parsed.Measurement == "vitals" && parsed.Time == point.Time.UnixNanoseconds
            && parsed.Values.Count == expected.Count && expected.All(entry => parsed.Values[entry.Key].Equals(entry.Value));

        static string Clean(string text) => string.Concat(text.Select(c => char.IsControl(c) ? '\uFFFD' : c));
        static string Tag(string text)
        {
            foreach (var after in ",= ")
                text = text.Replace($"\\{after}", $"＼{after}", StringComparison.Ordinal);
            if (text.EndsWith('\\'))
                text = text[..^1] + "＼";
            return text.Length == 0 ? "-" : Clean(text);
        }
    }
}

/// <summary>Line protocol read one character after the other, as its page describes it, without regard to speed.</summary>
internal sealed record NaiveLine(string Measurement, Dictionary<string, object> Values, long Time)
{
    public static NaiveLine Parse(string line)
    {
        var at = 0;
        var values = new Dictionary<string, object>();
        var measurement = Word(line, ref at, ", ");
        while (line[at] == ',')
        {
            at++;
            var tag = Word(line, ref at, "=");
            at++;
            values.Add(tag, Word(line, ref at, ", "));
        }
        do
        {
            at++;
            var field = Word(line, ref at, "=");
            at++;
            values.Add(field, line[at] == '"' ? Quoted(line, ref at) : double.Parse(Word(line, ref at, ", "), CultureInfo.InvariantCulture));
        }
        while (line[at] == ',');
        return new NaiveLine(measurement, values, long.Parse(line[(at + 1)..], CultureInfo.InvariantCulture));
    }

    private static string Word(string line, ref int at, string ends)
    {
        var word = new StringBuilder();
        for (; !ends.Contains(line[at], StringComparison.Ordinal); at++)
        {
            if (line[at] == '\\' && ",= ".Contains(line[at + 1], StringComparison.Ordinal))
                at++;
            word.Append(line[at]);
        }
        return word.ToString();
    }

    private static string Quoted(string line, ref int at)
    {
        var text = new StringBuilder();
        for (at++; line[at] != '"'; at++)
        {
            if (line[at] == '\\' && line[at + 1] is '"' or '\\')
                at++;
            text.Append(line[at]);
        }
        at++;
        return text.ToString();
    }
}
