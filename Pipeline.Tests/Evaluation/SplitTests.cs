using Pipeline.Host.Errors;
using Pipeline.Host.Recordings;
using Pipeline.Host.References;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Evaluation;

/// <summary>Who is scored by whom, and references as they are read.</summary>
public sealed class SplitTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Each_fold_is_tested_by_what_the_others_train()
    {
        var split = Read("recording,fold\na,1\nb,2\nc,1\nd,unused\n");

        Assert.Equal(["1", "2"], split.Folds.Select(f => f.Name));
        Assert.Equal(["a", "c"], split.Folds[0].Test.Order());
        Assert.Equal(["b"], split.Folds[0].Train);
        Assert.Equal(["a", "c"], split.Folds[1].Train.Order());
    }

    [Fact]
    public void Train_and_test_are_one_split_and_a_person_may_have_several_recordings()
    {
        var split = Read("subject,recording,fold\nP,a,train\nP,b,train\nQ,c,test\nQ,d,test\n");

        var fold = Assert.Single(split.Folds);
        Assert.Equal(["c", "d"], fold.Test.Order());
        Assert.Equal(["a", "b"], fold.Train.Order());
        Assert.Equal("Q", split.SubjectOf("d"));
    }

    [Fact]
    public void Leave_one_out_holds_every_recording_out_once()
    {
        var split = Split.LeaveOneOut(Recordings());

        Assert.Equal(["a", "b", "c", "d"], split.Folds.SelectMany(f => f.Test));
        Assert.All(split.Folds, f => Assert.Equal(3, f.Train.Count));
        Assert.Throws<CommandException>(() => Split.LeaveOneOut([Recordings()[0]]));
    }

    [Theory]
    [InlineData("recording\na\n", "columns recording and fold are wanted (and subject, if a person has several recordings); it has recording")]
    [InlineData("recording,fold\na,1\nb,2\nc\nd,1\n", "line 4 'c' has no recording and fold")]
    [InlineData("recording,fold\na,1\nb,2\na,2\n", "line 4 names a again")]
    [InlineData("recording,fold\na,1\nb,2\n", "does not name (fold unused leaves one out): c, d")]
    [InlineData("recording,fold\na,1\nb,2\nc,1\nd,1\ne,1\n", "names recordings that --data does not have: e")]
    [InlineData("recording,fold\na,1\nb,1\nc,1\nd,1\n", "has the folds 1; two or more names are wanted")]
    [InlineData("recording,fold\na,1\nb,train\nc,1\nd,1\n", "or train and test alone")]
    [InlineData("recording,fold,subject\na,1,P\nb,2,P\nc,1,\nd,1,\n", "has subjects in several folds, which would be trained and tested on: P")]
    [InlineData("", "columns recording and fold are wanted")]
    public void What_is_no_split_is_refused_with_its_reason(string text, string reason) =>
        Assert.Contains(reason, Assert.Throws<RecordingException>(() => Read(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_reference_is_its_rows_and_the_straight_line_between_near_ones()
    {
        var path = Path.Combine(_folder.Path, "x.ref.csv");
        File.WriteAllText(path, "t_start_s,t_end_s,hr_bpm\n0,8,60\n2,10,70\n6,14,90\n8,16,\n20,28,50\n");

        var reference = ReferenceRates.Read(path);

        Assert.Equal([60, 65, 70, 80, 90, double.NaN, double.NaN, 50, double.NaN], new[] { 0, 1, 2, 4, 6, 8, 12, 20, 22.0 }.Select(reference.At));
        Assert.Equal(4, reference.Rows.Count);
    }

    [Theory]
    [InlineData("start,hr\n", "columns t_start_s and hr_bpm are wanted; it has start, hr")]
    [InlineData("t_start_s,hr_bpm_a,hr_bpm_b\n0,1,2\n", "columns t_start_s and hr_bpm are wanted")]
    [InlineData("t_start_s,hr_bpm\n0,fast\n", "line 2 '0,fast' is no start and rate")]
    public void What_is_no_reference_is_refused_with_its_reason(string text, string reason)
    {
        var path = Path.Combine(_folder.Path, "x.ref.csv");
        File.WriteAllText(path, text);

        Assert.Contains(reason, Assert.Throws<RecordingException>(() => ReferenceRates.Read(path)).Message, StringComparison.Ordinal);
    }

    private static List<ReferencedRecording> Recordings() => [.. new[] { "a", "b", "c", "d" }.Select(name => new ReferencedRecording($"/x/{name}.hea", "x"))];

    private Split Read(string text)
    {
        var path = Path.Combine(_folder.Path, "split.csv");
        File.WriteAllText(path, text);
        return Split.Read(path, Recordings());
    }
}
