using System.Globalization;
using Pipeline.Host.Commands;
using Pipeline.Host.Errors;
using Xunit;

namespace Pipeline.Tests.Cases;

/// <summary>Small inputs that users of comparable tools reported, each with the outcome that is right: the command as a user types it.</summary>
public sealed class CaseFilesTests(CaseFiles files) : IClassFixture<CaseFiles>
{
    private const double Tolerance = 2;      // beats/min
    private const double EnoughWindows = 0.5;

    [SkippableTheory]
    [InlineData("base_ecg.csv", "ecg", 72, "kinds of channels: ecg: ecg (")]
    [InlineData("base_ppg.csv", "ppg", 72.5, "kinds of channels: ppg: ppg (")]
    [InlineData("w01_plain.hea", "ecg", 72, "kinds of channels: ecg: ECG (")]
    [InlineData("c10b_ecg_plus_valid_vbat.csv", "ecg", 72, "unknown, not estimated from: valid, vbat")]
    [InlineData("c10g_ecg_plus_pulse_column_V.csv", "ecg", 72, "unknown, not estimated from: VT_ml")]
    [InlineData("c10d_ppg_value_100Hz.csv", "ppg", 72.5, "kinds of channels: ppg: value (", "--channel", "value=ppg")]
    [InlineData("c22_label_EKG.csv", "ecg", 72, "kinds of channels: ecg: EKG (")]
    [InlineData("c22b_label_BVP.csv", "ppg", 72.5, "kinds of channels: ppg: BVP (")]
    [InlineData("c01_physiobank_two_header_rows.csv", "ecg", 72, "kinds of channels: ecg: ECG (")]
    [InlineData("c02_opensignals.txt", "ecg", 72, "kinds of channels: ecg: ECG; unknown, not estimated from: I1 (")]
    [InlineData("c03_polar_sensor_logger.txt", "ecg", 72, "the time is 'sensor timestamp [ns]'; passed over: 'timestamp [ms]', 'Phone timestamp'")]
    [InlineData("c08_clock_step_back_20ms.csv", "ecg", 72, "kinds of channels: ecg: ecg (", "--rate", "250")]
    [InlineData("c11_e4_BVP.csv", "ppg", 72.5, "its first two rows are its start time and its rate, 64 Hz")]
    [InlineData("c11_e4_BVP.csv", "ppg", 72.5, "its first two rows are its start time", "--rate", "64", "--channel", "column1=ppg")]
    [InlineData("c12_semicolon_thousands.csv", "ecg", 72, "kinds of channels: ecg: ecg (")]
    [InlineData("c13_tab_decimal_comma.txt", "ecg", 72, "kinds of channels: ecg: ecg (")]
    [InlineData("c15_excel_sep_line.csv", "ecg", 72, "kinds of channels: ecg: ecg (")]
    [InlineData("d01_one_channel_without_range.edf", "ecg", 72, "Spare is left out: it has no range")]
    [InlineData("d21_status_channel_empty_limits.edf", "ecg", 72, "Status is left out: it has no range")]
    [InlineData("d06b_header_fewer_records.edf", "ecg", 72, "the header counts 20 data records and 30 are there: 30 are read")]
    [InlineData("d08_edfC_with_gap_in_tals.edf", "ecg", 72, "its annotations show 1 gap")]
    [InlineData("d13b_label_EEG_ECG-Ref.edf", "ecg", 72, "kinds of channels: ecg: EEG ECG-Ref (")]
    [InlineData("w04_record_name_with_folder.hea", "ecg", 72, "kinds of channels: ecg: ECG (")]
    [InlineData("v05_rf64.wav", "ecg", 72, "kinds of channels: ecg: PCG (", "--channel", "PCG=ecg")]
    [InlineData("v07_size_bigger_by_44.wav", "ecg", 72, "the header names 15044 bytes of samples and 15000 are there: 15000 are read", "--channel", "PCG=ecg")]
    public async Task A_file_is_read_with_its_rate_and_what_was_assumed_is_said(string file, string signal, double rate, string said, params string[] options)
    {
        var (exit, rows, error) = await EstimateAsync([files.PathOf(file), .. options]);

        var windows = rows.Where(row => (row.Signal, row.Metric) == (signal, "heart_rate")).ToList();
        var ok = windows.FindAll(row => row.Status == "ok");
        Assert.Equal(ExitCode.Ok, exit);
        Assert.Contains(said, error, StringComparison.Ordinal);
        Assert.True(ok.Count > EnoughWindows * windows.Count, $"{ok.Count} of {windows.Count} windows are ok");
        Assert.All(ok, row => Assert.Equal(rate, row.Value, Tolerance));
        Assert.All(rows, row => Assert.Equal(file.StartsWith("d08", StringComparison.Ordinal) ? row.Signal : signal, row.Signal));
    }

    [SkippableFact]
    public async Task A_clock_that_steps_back_is_one_line_that_names_the_remedy()
    {
        var (exit, _, error) = await EstimateAsync([files.PathOf("c08_clock_step_back_20ms.csv")]);

        Assert.Equal(ExitCode.BadUsage, exit);
        Assert.Equal("c08_clock_step_back_20ms.csv: line 3752: the time goes back by 0.016 s; --rate 250 takes the rows one after the other, without their times\n", error);
    }

    [SkippableFact]
    public async Task A_time_in_milliseconds_without_a_unit_is_2_kHz()
    {
        var (exit, rows, error) = await EstimateAsync([files.PathOf("c21_2kHz_time_ms_no_unit.csv")]);

        Assert.Equal(ExitCode.Ok, exit);
        Assert.Empty(rows);   // 3 s: shorter than a window
        Assert.Contains("column 'time' names no unit: taken as milliseconds", error, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("e10b_ecg_50Hz.csv", "ecg, kind ecg, 50 Hz: 80 Hz or more are needed for ecg")]
    [InlineData("c10d_ppg_value_100Hz.csv", "value, kind unknown, 100 Hz: needed is ppg of 20 Hz or more")]
    public async Task A_kind_or_rate_that_no_estimator_takes_is_one_line_and_exit_3(string file, string said)
    {
        var (exit, rows, error) = await EstimateAsync([files.PathOf(file)]);

        Assert.Equal(ExitCode.NothingToEstimate, exit);
        Assert.Empty(rows);
        Assert.StartsWith($"{file}: nothing to estimate: {said}", Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("a10_dicrotic_0.45.csv", 60, 2)]
    // The list of cases says 72; its samples have 73 systolic peaks of 46 mmHg in 40 s, each 0.53 to 0.58 s after the last and followed by a dicrotic wave of 39: 110.
    [InlineData("a03_hypotension_pp12.csv", 110, 2)]
    [InlineData("g02_ecg_250Hz_200ms_holes_over_every_5th_beat.csv", 72, 3)]
    [InlineData("g03_same_filled_with_0.csv", 72, 3)]
    [InlineData("g04_abp_holes_over_every_5th_beat.csv", 72, 3)]
    public async Task A_hard_signal_is_right_in_every_window_or_not_ok(string file, double rate, double tolerance)
    {
        var (exit, rows, _) = await EstimateAsync([files.PathOf(file)]);

        Assert.Equal(ExitCode.Ok, exit);
        List<Row> usable = [.. rows.Where(row => (row.Metric, row.Status) == ("heart_rate", "ok"))];
        Assert.NotEmpty(usable);
        Assert.All(usable, row => Assert.Equal(rate, row.Value, tolerance));
    }

    [SkippableTheory]
    [InlineData("e15_asystole_after_20s.csv", 30)]
    [InlineData("e16_vf_like.csv", 0)]
    [InlineData("p11_noise_only.csv", 0)]
    [InlineData("p20_resp_only_20.csv", 0)]
    [InlineData("p24_off_finger_adc_noise.csv", 0)]
    public async Task Where_there_is_no_beat_no_window_is_ok(string file, double from)
    {
        var (exit, rows, _) = await EstimateAsync([files.PathOf(file)]);

        Assert.Equal(ExitCode.Ok, exit);
        Assert.Contains(rows, row => row.Start >= from);
        Assert.DoesNotContain(rows, row => row.Start >= from && row.Status == "ok");
    }

    [SkippableTheory]
    [InlineData("c11_e4_BVP.csv", 0, 72.5)]
    [InlineData("p10_zeros_3s_sensor_off.csv", 17.99, 72)]
    public async Task A_pulse_is_found_within_3_seconds_after_the_sensor_is_on(string file, double on, double rate)
    {
        var path = files.PathOf(file);
        var beatsPath = Path.ChangeExtension(path, ".beats");

        var (exit, rows, _) = await EstimateAsync([path, "--beats", beatsPath]);

        List<double> beats = [.. File.ReadLines(beatsPath).Skip(1).Select(line => Number(line.Split(',')[0])).Where(time => time > on)];
        var expected = rate / 60 * (rows[^1].Start + 8 - on - 3);
        Assert.Equal(ExitCode.Ok, exit);
        Assert.InRange(beats[0], on, on + 3);
        Assert.InRange(beats.Count(time => time > on + 3), 0.95 * expected, 1.05 * expected);
    }

    private static async Task<(int Exit, List<Row> Rows, string Error)> EstimateAsync(string[] arguments)
    {
        var (output, error) = (new StringWriter { NewLine = "\n" }, new StringWriter { NewLine = "\n" });
        var exit = await CommandLine.InvokeAsync(["estimate", .. arguments], output, error, CancellationToken.None);
        var rows = output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(line => line.Split(','))
            .Select(cells => new Row(Number(cells[0]), cells[2], cells[3], Number(cells[4]), cells[9])).ToList();
        return (exit, rows, error.ToString());
    }

    private static double Number(string text) => text.Length == 0 ? double.NaN : double.Parse(text, CultureInfo.InvariantCulture);

    private sealed record Row(double Start, string Signal, string Metric, double Value, string Status);
}
