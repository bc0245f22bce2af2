using Pipeline.Actors.Inference;
using Pipeline.Actors.Serving;
using Pipeline.Models.Packages;
using Xunit;

namespace Pipeline.Tests.Serving;

public sealed class ModelHistoryTests
{
    [Fact]
    public async Task A_history_knows_the_model_of_every_place_and_gives_back_what_nobody_asks_any_more()
    {
        using var versions = new TestModels();
        var sessions = new List<StepSession>();
        await using var models = new ServedModels(versions.Open("1"), new InferenceOptions(), TimeProvider.System, Open);
        var history = new ModelHistory(models, 7);
        Assert.False(history.Advance(10));
        models.Replace(versions.Open("2"));
        Assert.True(history.Advance(20));
        Assert.False(history.Advance(25));
        models.Replace(versions.Open("3"));
        Assert.True(history.Advance(30));

        Assert.Equal(["1", "1", "2", "2", "3"], new[] { 10L, 19, 20, 29, 30 }.Select(offset => history.At(offset).Model.Identity.Split('@')[1]));
        Assert.Equal([(10L, "heart-rate@1"), (20, "heart-rate@2"), (30, "heart-rate@3")], history.Switches);
        history.Forget(29);
        Assert.Equal([(20L, "heart-rate@2"), (30, "heart-rate@3")], history.Switches);
        history.Forget(30);
        Assert.False(history.HasEarlier);
        history.Clear();
        await models.DisposeAsync();
        Assert.All(sessions, session => Assert.True(session.IsDisposed));

        StepSession Open(RateModel model, IReadOnlyList<int> sizes)
        {
            var session = new StepSession(model, sizes);
            sessions.Add(session);
            return session;
        }
    }
}
