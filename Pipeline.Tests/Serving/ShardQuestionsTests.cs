using Pipeline.Actors;
using Pipeline.Actors.Inference;
using Pipeline.Actors.Serving;
using Pipeline.Models;
using Pipeline.Models.Estimators;
using Pipeline.Models.Packages;
using Pipeline.Models.Signals;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Serving;

public sealed class ShardQuestionsTests : IDisposable
{
    private const int Room = 16;
    private static readonly TimeSpan Enough = TimeSpan.FromSeconds(20);

    private readonly TestModels _versions = new();
    private readonly SemaphoreSlim _begun = new(0), _gate = new(0);
    private readonly TaskCompletionSource _wokenAgain = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Dispose()
    {
        _versions.Dispose();
        _begun.Dispose();
        _gate.Dispose();
    }

    [Fact]
    public async Task A_question_that_finds_no_room_when_it_is_woken_for_room_is_woken_again()
    {
        var options = new InferenceOptions { MaxBatch = 1, QueueCapacity = Room };
        await using var models = new ServedModels(_versions.Open("1"), options, TimeProvider.System, Open);
        var counts = new Counts();
        var networks = new ShardNetworks(models, null, 0, default, counts);
        networks.Begin(0);
        var workers = networks.Rate!.Workers;
        var delivery = new Delivery([], 1, counts, _ => { });
        delivery.Take(0, 0);
        var (output, scratch) = (new ShardOutput(0, 100, delivery, counts), new StageOutput());
        var others = new InferenceOwner();
        ShardQuestions? questions = null;
        var wakes = 0;
        questions = new ShardQuestions(new TopologyOptions(), networks, delivery, counts, TimeProvider.System, Wake, default);
        try
        {
            Fill();
            Assert.True(_begun.Wait(Enough));
            Fill();

            questions.Admit(Asked(scratch, networks.Rate.Model), 0, new ShardRecord(0, Chunks.Of(0, 10, "P")), 0);
            Assert.False(questions.HasRoom);
            _gate.Release(Room / 2 + 1);    // as many as make room for half, and the next one holds the worker
            await _wokenAgain.Task.WaitAsync(Enough);
        }
        finally
        {
            _gate.Release(10 * Room);   // whatever failed, the worker must come to its end
        }
        await questions.EndAsync();

        // Whoever is woken for room may find others there before.
        void Wake()
        {
            if (++wakes > 1)
            {
                _wokenAgain.TrySetResult();
                return;
            }
            for (var i = 0; i <= Room / 2; i++)
                Assert.True(_begun.Wait(Enough));
            Fill();
            questions!.Settle(output, scratch);
            _gate.Release(10 * Room);
        }

        void Fill()
        {
            while (workers.TryPost(Other()))
            {
                // Until there is no room.
            }
        }

        InferenceRequest Other()
        {
            var request = workers.NewRequest(others, _ => { });
            request.Priority = InferencePriority.CatchUp;   // as that of a record of long ago
            return request;
        }
    }

    private static WaitingPoints Asked(StageOutput scratch, RateModel model)
    {
        var known = new Estimate(SignalKind.Ppg, Metric.HeartRate, 60, 1, 1, 1, EstimateStatus.Ok, Stages.Classical);
        var question = scratch.Ask(model);
        question.Set(new RateMemory(), true, known, usable: 1);
        var points = new WaitingPoints();
        points.Add(new VitalPoint(new Origin("t", 0, 0), new PatientId("P"), "ward", "bed", "device", 0, 0, default, default, known), question);
        return points;
    }

    private StepSession Open(RateModel model, IReadOnlyList<int> sizes) => new(model, sizes)
    {
        Running = _ =>
        {
            _begun.Release();
            _gate.Wait();
        },
    };
}
