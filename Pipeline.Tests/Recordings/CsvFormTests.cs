using System.Text;
using Pipeline.Host.Recordings;
using Pipeline.Models.Signals;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Recordings;

/// <summary>Text files as devices and their programs write them: heads, separators, decimal marks, times.</summary>
public sealed class CsvFormTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Each is an ECG of 1.5, 2.5, 3.5, 1004.5 at 250 Hz.</summary>
    [Theory]
    [InlineData("'Elapsed time','ECG'\n'seconds','mV'\n0.000,1.5\n0.004,2.5\n0.008,3.5\n0.012,1004.5\n")]
    [InlineData("time,ecg\n[s],[mV]\n0,1.5\n.004,2.5\n.008,3.5\n.012,1004.5\n")]
    [InlineData("Time and date,ECG\nhh:mm:ss.mmm,mV\n[10:00:00.000 01/03/2024],1.5\n[10:00:00.004 01/03/2024],2.5\n[10:00:00.008 01/03/2024],3.5\n[10:00:00.012 01/03/2024],1004.5\n")]
    [InlineData("sep=;\ntime_s;ecg_mV\n0.000;1.5\n0.004;2.5\n0.008;3.5\n0.012;1004.5\n")]
    [InlineData("\"sep=\t\"\ntime_s\tecg_mV\n0,000\t1,5\n0,004\t2,5\n0,008\t3,5\n0,012\t1.004,5\n")]
    [InlineData("\uFEFFtime_s;ecg_mV\r\n0,000;1,5\r\n0,004;2,5\r\n0,008;3,5\r\n0,012;1 004,5\r\n")]
    [InlineData("Zeit [ms];EKG [mV]\n0;1,5\n4;2,5\n8;3,5\n12;1.004,5\n")]
    [InlineData("time_ms,ecg_mV\n0,1.5\n4,2.5\n8,3.5\n12,\"1,004.5\"\n")]
    [InlineData("time_ms;ecg_mV\n0;1.5\n4;2.5\n8;3.5\n12;1'004.5\n")]
    [InlineData("\"time_ms\",\"ecg_mV\"\n\"0\",\"1,5\"\n\"4\",\"2,5\"\n\"8\",\"3,5\"\n\"12\",\"1.004,5\"\n")]
    [InlineData("time_ms,ecg_mV,\n0,1.5,\n4,2.5,\n8,3.5,\n12,1004.5,\n")]
    [InlineData("time_ms,ecg_mV\n0,1.5,,\n4,2.5,,\n8,3.5,,\n12,1004.5,,\n")]
    [InlineData("time_ms|ecg_mV\n0|1.5\n4|2.5\n8|3.5\n12|1004.5\n")]
    [InlineData("# time_ms,ecg_mV\n0,1.5\n4,2.5\n8,3.5\n12,1004.5\n")]
    [InlineData("Device;Monitor 7\nPatient;X;Y;Z\nRecorded: 2024-03-01 10:00:00\n\ntime_ms;ecg_mV\n0;1.5\n4;2.5\n8;3.5\n12;1004.5\n")]
    [InlineData("% made by a program, version 1.0\n% Fs: 250 Hz\necg_mV\n1.5\n2.5\n3.5\n1004.5\n")]
    [InlineData("Sampling rate,0.25 kHz\n\nsample,ecg_mV\n0,1.5\n1,2.5\n2,3.5\n3,1004.5\n")]
    [InlineData("timestamp,ecg_mV\n1709287200000000000,1.5\n1709287200004000000,2.5\n1709287200008000000,3.5\n1709287200012000000,1004.5\n")]
    [InlineData("timestamp,ecg_mV\n1709287200.000,1.5\n1709287200.004,2.5\n1709287200.008,3.5\n1709287200.012,1004.5\n")]
    [InlineData("timestamp_ms,ecg_mV\n1709287200000,1.5\n1709287200004,2.5\n1709287200008,3.5\n1709287200012,1004.5\n")]
    [InlineData("local,time_s,ecg_mV\n2024-03-01T10:00:00Z,0,1.5\n2024-03-01T10:00:00Z,0.004,2.5\n2024-03-01T10:00:00Z,0.008,3.5\n2024-03-01T10:00:00Z,0.012,1004.5\n")]
    [InlineData("time_s,clock,ecg_mV\n0,10:00:00,1.5\n0.004,10:00:00,2.5\n0.008,10:00:00,3.5\n0.012,10:00:00,1004.5\n")]
    [InlineData("Datum;Uhrzeit;EKG mV\n01.03.2024;23:59:59,996;1,5\n02.03.2024;00:00:00,000;2,5\n02.03.2024;00:00:00,004;3,5\n02.03.2024;00:00:00,008;1.004,5\n")]
    [InlineData("time,ecg_mV\n11:59:59.992 PM,1.5\n11:59:59.996 PM,2.5\n12:00:00.000 AM,3.5\n12:00:00.004 AM,1004.5\n")]
    [InlineData("time,ecg_mV\n59:59.992,1.5\n59:59.996,2.5\n00:00.000,3.5\n00:00.004,1004.5\n")]
    [InlineData("Zeit;ecg_mV\n01.03.2024 10:00:00,000;1,5\n01.03.2024 10:00:00,004;2,5\n01.03.2024 10:00:00,008;3,5\n01.03.2024 10:00:00,012;1004,5\n")]
    [InlineData("2024-03-01T10:00:00.000,1.5\n2024-03-01T10:00:00.004,2.5\n2024-03-01T10:00:00.008,3.5\n2024-03-01T10:00:00.012,1004.5\n")]
    [InlineData("time_s,marker,ecg_mV\n0,start,1.5\n0.004,,2.5\n0.008,,3.5\n0.012,stop,1004.5\n")]
    [InlineData("time_s,valid,ecg_mV\n0,true,1.5\n0.004,true,2.5\n0.008,false,3.5\n0.012,true,1004.5\n")]
    [InlineData("time_s,ecg_mV,event\n0,1.5,start\n0.004,2.5,\n0.008,3.5,\n0.012,1004.5,\n")]
    [InlineData("Subject;A;\nFs [Hz];250;\n\necg;\n1.5;\n2.5;\n3.5;\n1004.5;\n")]
    [InlineData("# {\"SamplingRate\": \"250\", \"Labels\": [\"SeqN\", \"ECG\"]}\n0\t1.5\n1\t2.5\n2\t3.5\n3\t1004.5\n")]
    [InlineData("time_s ecg_mV\n  0.000   1.5\n  0.004   2.5\n  0.008   3.5\n  0.012   1004.5\n")]
    public void Heads_separators_marks_and_times_are_read(string text)
    {
        string[] said = char.IsAsciiDigit(text[0]) ? ["column2=ecg"] : ["valid=ignore", "marker=ignore", "event=ignore"];
        using var recording = Reading.Open(_folder.Write("r.txt", text), said);

        var values = Reading.Physical(recording).Where(pair => KindOf(recording, pair.Key) == SignalKind.Ecg).ToList();

        Assert.Equal(250, Assert.Single(recording.Devices).RateHz);
        Assert.Equal([1.5, 2.5, 3.5, 1004.5], Assert.Single(values).Value);
        Assert.Single(recording.Devices[0].Channels.Span.ToArray());
    }

    [Fact]
    public void Rows_that_bear_the_times_of_their_packets_are_even()
    {
        // Ten samples of 250 Hz a packet, each with the time at which it was taken out of it.
        var rows = Enumerable.Range(0, 500).Select(i => FormattableString.Invariant($"{i / 10 * 0.04 + i % 10 * 0.0001:0.0000},{i}"));

        using var recording = Reading.Open(_folder.Write("r.csv", "time_s,ecg\n" + string.Join('\n', rows)));

        Assert.Equal(250, recording.Devices[0].RateHz, 2.0);
        Assert.Equal(Enumerable.Range(0, 500).Select(i => (double)i), Reading.Physical(recording)["ecg"]);
    }

    [Theory]
    [InlineData("0", "0.5", 2000, "milliseconds")]
    [InlineData("0", "1", 1000, "milliseconds")]
    [InlineData("0", "0.25", 4000, "milliseconds")]
    [InlineData("0", "0.02", 50, "seconds")]
    [InlineData("0", "500", 2000, "microseconds")]
    [InlineData("0", "4000000", 250, "nanoseconds")]
    [InlineData("1709287200000000", "2000", 500, "microseconds")]
    public void A_time_without_a_unit_has_the_one_that_gives_a_rate_of_a_signal(string first, string step, double rate, string unit)
    {
        var start = decimal.Parse(first, System.Globalization.CultureInfo.InvariantCulture);
        var rows = Enumerable.Range(0, 100).Select(i => FormattableString.Invariant($"{start + i * decimal.Parse(step, System.Globalization.CultureInfo.InvariantCulture)},{i}"));
        using var recording = Reading.Open(_folder.Write("r.csv", "time,ecg\n" + string.Join('\n', rows)));

        Assert.Equal(rate, recording.Devices[0].RateHz);
        Assert.Contains($"column 'time' names no unit: taken as {unit}", recording.Notes);
    }

    [Fact]
    public void OpenSignals_names_its_sensors_and_rate_in_a_comment_of_JSON()
    {
        const string head = "# OpenSignals Text File Format\n# {\"00:07:80\": {\"sensor\": [\"ECG\", \"BVP\"], \"column\": [\"nSeq\", \"I1\", \"A1\", \"A2\"], \"sampling rate\": 100, \"resolution\": [4, 1, 10, 10]}}\n# EndOfHeader\n";
        using var recording = Reading.Open(_folder.Write("r.txt", head + string.Concat(Enumerable.Range(0, 40).Select(i => $"{i % 16}\t0\t{500 + i}\t{600 + i}\t\n"))));

        var values = Reading.Physical(recording);

        Assert.Equal(100, recording.Devices[0].RateHz);
        Assert.Equal(["I1", "ECG", "BVP"], values.Keys);
        Assert.Equal([SignalKind.Ecg, SignalKind.Ppg], new[] { "ECG", "BVP" }.Select(label => KindOf(recording, label)));
        Assert.Equal(539, values["ECG"][^1]);
    }

    [Theory]
    [InlineData("\t", "0.0", "0.002")]
    [InlineData("\t", "0,0", "0,002")]
    public void A_head_of_LabChart_names_channels_units_and_interval(string separator, string zero, string step)
    {
        var head = string.Join('\n', "Interval=\t0.002 s", "ExcelDateTime=\t4.5\t01/03/2024", "TimeFormat=\tStartOfBlock", "DateFormat=\t", "ChannelTitle=\tECG\tFinger Pleth", "Range=\t10.000 mV\t2.000 V", "");
        var row = separator + "7" + separator + "9\n";
        using var timed = Reading.Open(_folder.Write("r.txt", head + zero + row + step + row + step.Replace('2', '4') + row.TrimEnd() + "\t#* moved\n"));
        using var untimed = Reading.Open(_folder.Write("u.txt", head + string.Concat(Enumerable.Repeat("7\t9\n", 3))));

        Assert.All([timed, untimed], recording =>
        {
            Assert.Equal(500, recording.Devices[0].RateHz);
            Assert.Equal([("ECG", SignalKind.Ecg, "mV"), ("Finger Pleth", SignalKind.Ppg, "V")], recording.Devices[0].Channels.Span.ToArray().Select(channel => (channel.Label, channel.Kind, channel.Unit)));
            Assert.Equal([7, 7, 7], Reading.Physical(recording)["ECG"]);
        });
    }

    [Fact]
    public void An_Empatica_E4_begins_with_start_time_and_rate_and_its_file_is_named_by_what_was_measured()
    {
        var pulse = _folder.Write("BVP.csv", "1544027337.000000\n64.000000\n0.5\n-0.25\n1.5\n");
        var motion = _folder.Write("session_ACC.csv", "1544027337.00,1544027337.00,1544027337.00\n32.00,32.00,32.00\n64,-32,0\n32,0,64\n");
        using var bvp = Reading.Open(pulse);
        using var acc = Reading.Open(motion);

        Assert.Equal((64, SignalKind.Ppg), (bvp.Devices[0].RateHz, bvp.Devices[0].Channels[0].Kind));
        Assert.Equal([0.5, -0.25, 1.5], Reading.Physical(bvp)["BVP"]);
        Assert.Equal([0.5, -0.25, 1.5], Reading.OneSignal(pulse, ["column1=ppg"], 64));
        Assert.Equal(32, acc.Devices[0].RateHz);
        var values = Reading.Physical(acc);
        Assert.Equal([1, 0.5], values["ACC_X"]);
        Assert.Equal([-0.5, 0], values["ACC_Y"]);
    }

    [Fact]
    public void Of_several_times_the_most_even_one_is_taken_and_that_is_said()
    {
        // A sensor's logger: the phone's clock stands still for a packet, the sensor's goes on.
        var rows = Enumerable.Range(0, 200).Select(i => FormattableString.Invariant(
            $"2024-03-01T10:00:{i / 73 * 0.561:00.000};{599616000000000000 + i * 1_000_000_000L / 130};{i * 1000.0 / 130:0.000};{i}"));
        using var recording = Reading.Open(_folder.Write("r.txt", "Phone timestamp;sensor timestamp [ns];timestamp [ms];ecg [uV];\n" + string.Join(";\n", rows) + ";\n"));

        Assert.Equal(130, recording.Devices[0].RateHz, 0.01);
        Assert.Equal(["ecg"], Reading.Physical(recording).Keys);
        Assert.Contains("the time is 'sensor timestamp [ns]'; passed over: 'timestamp [ms]', 'Phone timestamp'", recording.Notes);
    }

    [Fact]
    public void A_clock_that_goes_back_names_the_remedy_and_the_remedy_works()
    {
        var rows = Enumerable.Range(0, 400).Select(i => FormattableString.Invariant($"{(i < 300 ? i : i - 5) * 0.004:0.000},{i}"));
        var path = _folder.Write("r.csv", "time_s,ecg\n" + string.Join('\n', rows));

        var fault = Assert.ThrowsAny<RecordingException>(() => Reading.Open(path));

        Assert.Equal("r.csv: line 302: the time goes back by 0.016 s; --rate 250 takes the rows one after the other, without their times", fault.Message);
        Assert.Equal(400, Reading.OneSignal(path, rateHz: 250).Length);
    }

    [Fact]
    public void A_column_that_a_person_ignores_is_not_read_and_one_of_words_is_left_out_and_said()
    {
        const string text = "time_s,ecg,spare,note\n0,1,x,begin\n0.01,2,3,\n0.02,3,4,\n0.03,4,5,end\n";
        using var recording = Reading.Open(_folder.Write("r.csv", text), ["spare=ignore"]);

        Assert.Equal([1, 2, 3, 4], Assert.Single(Reading.Physical(recording)).Value);
        Assert.Contains("column 'note' is left out: 'begin' is no number", recording.Notes);
        Assert.Contains("line 2, column 'spare': 'x' is no number; --channel spare=ignore leaves the column out", Assert.ThrowsAny<RecordingException>(() => Reading.Open(_folder.Write("r.csv", text))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Words_in_a_column_that_is_empty_but_for_them_are_missing_samples()
    {
        using var recording = Reading.Open(_folder.Write("r.csv", "time_s,ecg,event\n0,1,begin\n0.01,2,\n0.02,3,\n0.03,4,\n"));

        var values = Reading.Physical(recording);

        Assert.Equal([1, 2, 3, 4], values["ecg"]);
        Assert.All(values["event"], value => Assert.Equal(double.NaN, value));
    }

    [Fact]
    public void Times_that_are_uneven_give_way_to_the_rate_that_the_head_names()
    {
        var random = new Random(3);
        var rows = Enumerable.Range(0, 500).Select(i => FormattableString.Invariant($"{i * 0.004 + random.NextDouble() * 0.003:0.00000},{i}"));
        using var recording = Reading.Open(_folder.Write("r.csv", "%Sample Rate = 250 Hz\nTimestamp,ecg\n" + string.Join('\n', rows)));

        Assert.Equal(250, recording.Devices[0].RateHz);
        Assert.Equal(500, Reading.Physical(recording)["ecg"].Length);
        Assert.Contains("the times of 'Timestamp' are uneven: the rows are taken at 250 Hz, as its head says", recording.Notes);
    }

    [Fact]
    public void UTF_16_and_a_micro_sign_of_another_code_page_are_read()
    {
        const string text = "time_ms;ecg [µV]\n0;1000\n4;2000\n8;3000\n";

        Assert.Equal([1, 2, 3], Reading.OneSignal(_folder.Write("u.csv", [.. Encoding.Unicode.GetPreamble(), .. Encoding.Unicode.GetBytes(text)])));
        Assert.Equal([1, 2, 3], Reading.OneSignal(_folder.Write("l.csv", Encoding.Latin1.GetBytes(text))));
    }

    private static SignalKind KindOf(Recording recording, string label) =>
        recording.Devices.SelectMany(device => device.Channels.Span.ToArray()).First(channel => channel.Label == label).Kind;
}
