using System.Diagnostics;
using System.Globalization;
using Pipeline.Host.Recordings;
using Pipeline.Models;
using Pipeline.Models.Signals;
using Xunit;

namespace Pipeline.Tests.Recordings;

/// <summary>Drawn faces as video files, read by the program of <c>Pipeline.Video</c>; skipped where OpenCV was not fetched.</summary>
public sealed class VideoTests : IDisposable
{
    private const string Absent = "what reads videos is not here: './pipeline estimate face.mp4' fetches it";
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("pipeline-videos-");

    [SkippableTheory]
    [InlineData(72, 0.3, 12, 0.2)]
    [InlineData(110, 0.9, 4, 0)]
    [InlineData(58, 0.1, 3, 0.1)]
    public void The_rate_of_a_face_that_moves_in_changing_light_is_found(double rate, double tone, double movement, double lightChanges)
    {
        var video = Draw(rate, tone, movement, lightChanges);

        var rates = Rates(video, RecordingOptions.None);

        var ok = rates.Where(one => one.Status == EstimateStatus.Ok).Select(one => one.Value).ToList();
        Assert.Equal(12, rates.Count);
        Assert.InRange(ok.Count, 5, 12);
        Assert.InRange(ok.Average(), rate - 2, rate + 2);
    }

    [SkippableFact]
    public void A_region_of_the_background_has_no_rate_and_one_of_the_face_has()
    {
        var video = Draw(75, 0.2, 2, 0);

        var background = Rates(video, RecordingOptions.None with { Region = "0,0,40,40" });
        var face = Rates(video, RecordingOptions.None with { Region = "100,70,40,40" });

        Assert.DoesNotContain(background, one => one.Status == EstimateStatus.Ok);
        Assert.InRange(face.Where(one => one.Status == EstimateStatus.Ok).Average(one => one.Value), 73, 77);
    }

    [SkippableTheory]
    [InlineData("10,10,500,20", "the region 10,10,500,20 is not within 240 x 180 pixels")]
    [InlineData("10,10", "'10,10' is no region: X,Y,WIDTH,HEIGHT in pixels")]
    public void A_region_that_is_none_is_refused(string region, string wanted)
    {
        var video = Draw(75, 0.2, 2, 0);

        var fault = Assert.Throws<RecordingException>(() => Recording.Open(video, RecordingOptions.None with { Region = region }));

        Assert.Equal(wanted, fault.Message);
    }

    [SkippableFact]
    public void A_file_that_is_no_video_is_refused()
    {
        Skip.If(VideoReader.Find() is null, Absent);
        var path = Path.Combine(_folder.FullName, "no.mp4");
        File.WriteAllText(path, "no video");

        var fault = Assert.Throws<RecordingException>(() => Recording.Open(path, RecordingOptions.None));

        Assert.Equal("no.mp4: is no video that OpenCV can read", fault.Message);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private string Draw(params double[] numbers)
    {
        Skip.If(VideoReader.Find() is null, Absent);
        var video = Path.Combine(_folder.FullName, "face.avi");
        using var process = Process.Start("dotnet",
            [VideoReader.Find()!, "simulate", video, .. numbers.Select(number => number.ToString(CultureInfo.InvariantCulture))]);   // Skip.If throws on null
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return video;
    }

    private static List<Estimate> Rates(string video, RecordingOptions options)
    {
        using var recording = Recording.Open(video, options);
        return [.. StreamRun.Of(recording.Chunks(new RecordedPatient(new PatientId("p"), "", "", 0, default)))
            .SelectMany(result => result.Estimates).Where(one => one is { Signal: SignalKind.Camera, Metric: Metric.HeartRate })];
    }
}
