using Pipeline.Actors;
using Pipeline.Actors.Inference;
using Pipeline.Actors.Serving;
using Pipeline.Models;
using Pipeline.Models.Features;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Serving;

// A second a chunk, 10 samples; windows of 8 s every 2 s: chunks 7, 9, 11 … complete windows 0, 1, 2 …
public sealed class ServingTests : IAsyncDisposable
{
    private readonly ManualTimeProvider _time = new();
    private readonly RecordingSink _sink = new();
    private readonly TestModels _versions = new();
    private readonly List<StepSession> _sessions = [];
    private readonly SemaphoreSlim _running = new(0);
    private SemaphoreSlim? _gate;
    private NetworkRegistry? _models;
    private Partitions? _shards;
    private long _offset;

    [Fact]
    public async Task A_patients_points_come_in_the_order_of_its_windows_whatever_waits_for_the_network()
    {
        var shards = Start();
        await PostAsync(shards, 0, 40, "P0", "P1");
        await shards.RevokeAsync(0, default);

        foreach (var patient in new[] { "P0", "P1" })
            Assert.Equal(Expected(patient, 0, 40), Series(patient));
        var counts = shards.Total();
        Assert.Equal((34, 34, 0), (counts[Count.Questions], counts[Count.Answers], counts[Count.QuestionsDropped]));
        Assert.Equal((68, 68), (counts[Count.Estimates], counts[Count.Values]));
    }

    [Fact]
    public async Task A_record_is_not_passed_before_its_windows_are_answered_and_their_points_stored()
    {
        var shards = Start(gated: true);
        await PostAsync(shards, 0, 12, "P0");
        await _running.WaitAsync();

        Assert.InRange(shards.CommittableOffset(0) ?? 0, 0, 7);     // record 7 completed window 0
        _gate!.Release(3);

        Assert.Equal(12, await shards.RevokeAsync(0, default));
        Assert.Equal(Expected("P0", 0, 12), Series("P0"));
    }

    [Fact]
    public async Task A_shard_whose_networks_are_behind_takes_no_more_records_but_every_answer()
    {
        var shards = Start(gated: true, options: new TopologyOptions { MaxWaitingWindows = 2, MailboxCapacity = 16 });
        // Record 9 leaves the second window waiting: from then on nothing is handled, and the mailbox fills.
        var shard = shards.Snapshot().Single();
        while (true)
        {
            var isBehind = shard.QuestionCount >= 2;    // seen before the mailbox is: from then on nothing is taken out
            if (shards.TryPost(0, new ShardRecord(_offset, Chunks.Of(10 * _offset, 10, "P0"))))
                _offset++;
            else if (isBehind)
                break;
            else
                await Task.Yield();
        }

        Assert.Empty(_sink.Points);
        Assert.False(shards.TryPost(0, new ShardRecord(_offset, Chunks.Of(10 * _offset, 10, "P0"))));

        _gate!.Release(1000);
        await shards.RevokeAsync(0, default);
        Assert.Equal(Expected("P0", 0, (int)_offset), Series("P0"));
    }

    [Fact]
    public async Task A_row_on_which_the_network_throws_is_a_dead_letter_its_window_classical_and_what_follows_begins_anew()
    {
        AskingStage.Trouble Trouble(string patient, long start) => patient == "P1" && start == 40 ? AskingStage.Trouble.Poison : AskingStage.Trouble.None;
        var shards = Start(Trouble);
        await PostAsync(shards, 0, 20, "P0", "P1");

        var committed = await shards.RevokeAsync(0, default);

        var letter = Assert.Single(_sink.DeadLetters);
        Assert.Equal(("inference", "P1"), (letter.Stage, System.Text.Encoding.UTF8.GetString(letter.Key.Span)));
        Assert.Contains("throws on window 2 of device d1, epoch 0: InvalidOperationException: poison", letter.Reason, StringComparison.Ordinal);
        Assert.Equal(23, letter.Origin.Offset);
        Assert.Equal(Expected("P0", 0, 20), Series("P0"));
        Assert.Equal(Expected("P1", 0, 20, Trouble), Series("P1"));
        Assert.Equal((40, 1), (committed, (int)shards.Total()[Count.AnswersFailed]));
    }

    [Fact]
    public async Task An_answer_that_is_no_number_gives_the_classical_estimate_and_what_follows_begins_anew()
    {
        AskingStage.Trouble Trouble(string patient, long start) => start == 40 ? AskingStage.Trouble.NotANumber : AskingStage.Trouble.None;
        var shards = Start(Trouble);
        await PostAsync(shards, 0, 20, "P0");

        await shards.RevokeAsync(0, default);

        Assert.Equal(Expected("P0", 0, 20, Trouble), Series("P0"));
        Assert.Empty(_sink.DeadLetters);
    }

    [Fact]
    public async Task A_patient_that_throws_keeps_the_windows_that_earlier_records_gave()
    {
        AskingStage.Trouble Trouble(string patient, long start) => patient == "P1" && start == 40 ? AskingStage.Trouble.Throws : AskingStage.Trouble.None;
        var shards = Start(Trouble, gated: true);
        await PostAsync(shards, 0, 12, "P0", "P1");     // window 2 of P1 throws while its windows 0 and 1 wait
        _gate!.Release(1000);

        await shards.RevokeAsync(0, default);

        Assert.Equal(Expected("P0", 0, 12), Series("P0"));
        Assert.Equal(Expected("P1", 0, 10), Series("P1"));
        Assert.Equal("patient", Assert.Single(_sink.DeadLetters).Stage);
    }

    [Fact]
    public async Task A_shard_that_is_lost_ignores_late_answers_and_leaves_nothing_behind()
    {
        var shards = Start(gated: true);
        await PostAsync(shards, 0, 12, "P0", "P1");
        await _running.WaitAsync();

        var revoking = shards.RevokeAsync(0, new CancellationToken(canceled: true));
        _gate!.Release(1000);

        Assert.InRange(await revoking ?? 0, 0, 14);     // record 14 completed P0's window 0
        Assert.Empty(_sink.Points);
        var counts = shards.Total();
        Assert.Equal(counts[Count.Questions], counts[Count.Answers] + counts[Count.QuestionsDropped]);
        Assert.True(counts.IsSettled);
        Assert.False(shards.Failure.IsCompleted);
        await _models!.DisposeAsync();
        Assert.All(_sessions, session => Assert.True(session.IsDisposed));
    }

    [Fact]
    public async Task A_full_queue_of_the_workers_is_waited_for()
    {
        var patients = Enumerable.Range(0, 60).Select(i => $"P{i}").ToArray();
        var shards = Start(serving: new InferenceOptions { QueueCapacity = 16, MaxBatch = 4 }, gated: true);
        var posting = PostAsync(shards, 0, 12, patients);
        await _running.WaitAsync();
        _gate!.Release(1_000_000);
        await posting;

        await shards.RevokeAsync(0, default);

        foreach (var patient in patients)
            Assert.Equal(Expected(patient, 0, 12), Series(patient));
    }

    [Fact]
    public async Task A_new_model_is_asked_from_an_offset_on_with_a_new_state_and_the_old_one_goes_when_its_last_answer_came()
    {
        var switches = new List<ModelSwitch>();
        var shards = Start(told: switches.Add);
        await PostAsync(shards, 0, 20, "P0", "P1");
        while (shards.Total()[Count.Records] < 40)
            await Task.Yield();

        _models!.Replace(_versions.Open("2"));
        await PostAsync(shards, 20, 40, "P0", "P1");
        await shards.RevokeAsync(0, default);

        Assert.Equal([new(0, 0, RateModel.Task, "heart-rate@1", null), new(0, 40, RateModel.Task, "heart-rate@2", "heart-rate@1")], switches);
        foreach (var patient in new[] { "P0", "P1" })
            Assert.Equal(Expected(patient, 0, 40, switchedAt: 20), Series(patient));
        Assert.Equal(1, shards.Total()[Count.ModelSwitches]);
        while (!_sessions[0].IsDisposed)
            await Task.Yield();
        Assert.False(_sessions[1].IsDisposed);
    }

    [Fact]
    public async Task Windows_that_wait_for_the_old_model_are_answered_by_it_before_the_new_one_is_asked()
    {
        var switches = new List<ModelSwitch>();
        var shards = Start(gated: true, told: switches.Add);
        await PostAsync(shards, 0, 12, "P0");
        await _running.WaitAsync();
        _models!.Replace(_versions.Open("2"));
        await PostAsync(shards, 12, 20, "P0");
        Assert.Single(switches);    // the shard waits for the answers
        _gate!.Release(1000);
        await PostAsync(shards, 20, 30, "P0");
        while (shards.Total()[Count.Records] < 30)
            await Task.Yield();

        await shards.RevokeAsync(0, default);

        // Where the switch fell depends on how far the shard was.
        Assert.Equal(2, switches.Count);
        Assert.Equal(Expected("P0", 0, 30, switchedAt: switches[1].Offset), Series("P0"));
    }

    [Fact]
    public async Task A_stage_that_asks_where_there_is_no_network_ends_the_run()
    {
        var model = _versions.Open("1");
        var stages = AskingStage.Factory();
        StageFactory asking = first =>
        {
            var made = stages(first);
            made[0].Use(model);
            return made;
        };

        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => TestPartitions.RunAsync(
            new InMemorySource([Chunks.Of(0, 80)]), [_sink], new TopologyOptions(), _time, default, asking));

        Assert.Contains("was given none", failure.Message, StringComparison.Ordinal);
        model.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        _gate?.Release(1_000_000);
        if (_shards is not null)
            await _shards.DisposeAsync();
        if (_models is not null)
            await _models.DisposeAsync();
        _versions.Dispose();
        _running.Dispose();
        _gate?.Dispose();
    }

    private Partitions Start(
        Func<string, long, AskingStage.Trouble>? trouble = null, TopologyOptions? options = null, InferenceOptions? serving = null, bool gated = false,
        Action<ModelSwitch>? told = null)
    {
        _gate = gated ? new SemaphoreSlim(0) : null;
        _models = TestModels.Serve(_versions.Open("1"), serving, OpenSession);
        _models.Switched += told;
        _shards = TestPartitions.Of(options ?? new TopologyOptions(), [_sink], _time, AskingStage.Factory(trouble), _models);
        _shards.Assign(0, "t");
        return _shards;
    }

    private StepSession OpenSession(RateModel model, IReadOnlyList<int> sizes)
    {
        var session = new StepSession(model, sizes)
        {
            Running = _ =>
            {
                _running.Release();
                _gate?.Wait();
            },
        };
        _sessions.Add(session);
        return session;
    }

    private async Task PostAsync(Partitions shards, int from, int to, params string[] patients)
    {
        for (var i = from; i < to; i++)
            foreach (var patient in patients)
            {
                while (!shards.TryPost(0, new ShardRecord(_offset, Chunks.Of(10 * i, 10, patient))))
                    await shards.WaitForSpaceAsync(0, default);
                _offset++;
            }
    }

    private IEnumerable<string> Series(string patient) => _sink.Points.Where(p => p.Patient.Value == patient)
        .Select(p => NaiveSeries.Text(p.WindowId, p.Estimate.Signal, p.Estimate.Value, p.Estimate.Quality, p.Estimate.Model));

    private static List<string> Expected(
        string patient, int from, int to, Func<string, long, AskingStage.Trouble>? trouble = null, long switchedAt = long.MaxValue) =>
        Expected(patient, Enumerable.Range(from, to - from), trouble, switchedAt);

    private static List<string> Expected(
        string patient, IEnumerable<int> seconds, Func<string, long, AskingStage.Trouble>? trouble = null, long switchedAt = long.MaxValue)
    {
        var records = seconds.Select(i => ((long)i, Chunks.Of(10 * i, 10, patient)));
        return NaiveSeries.Of(records, offset => offset >= switchedAt ? "heart-rate@2" : "heart-rate@1", trouble);
    }
}
