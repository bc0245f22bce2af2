using Pipeline.Actors;
using Pipeline.Actors.Serving;
using Pipeline.Models.Estimators.Ecg;
using Pipeline.Models.Features;
using Xunit;

namespace Pipeline.Tests.Serving;

public sealed class PartitionNetworksTests : IDisposable
{
    private const string Rate = RateModel.Task, Qrs = QrsModel.Task;

    private readonly TestModels _versions = new();
    private readonly List<StepSession> _sessions = [];
    private readonly List<ModelSwitch> _switches = [];
    private readonly Counts _counts = new();

    public void Dispose() => _versions.Dispose();

    [Fact]
    public async Task A_shard_begins_with_the_present_model_and_changes_when_it_is_told_to()
    {
        await using var models = Serve("1");
        var model = new PartitionNetworks(models, 7, default, _counts);
        Assert.Equal((null, false), (model.Names[Rate], model.IsBehind));
        model.Begin(10);
        models.Replace(_versions.Open("2"));
        Assert.Equal((true, false, "heart-rate@1"), (model.IsBehind, model.IsChanging, model.Names[Rate]));

        model.Prepare();
        models.Replace(_versions.Open("3"));
        Assert.Equal((false, true, "heart-rate@2", "heart-rate@1"), (model.IsBehind, model.IsChanging, model.Names[Rate], model.Asked[0].Identity));
        model.Change(20);

        Assert.Equal((true, false, "heart-rate@2"), (model.IsBehind, model.IsChanging, model.Asked[0].Identity));
        Assert.Equal([new(7, 10, Rate, "heart-rate@1", null), new(7, 20, Rate, "heart-rate@2", "heart-rate@1")], _switches);
        model.Clear();
        await models.DisposeAsync();
        Assert.Equal(3, _sessions.Count);
        Assert.All(_sessions, session => Assert.True(session.IsDisposed));
    }

    [Fact]
    public async Task A_state_that_names_an_earlier_version_is_gone_on_with_by_that()
    {
        await using var models = Serve("2", find: identity => identity == "heart-rate@1" ? _versions.Open("1") : null);
        var (model, other) = (new PartitionNetworks(models, 7, new NetworkNames((Rate, "heart-rate@1")), _counts), new PartitionNetworks(models, 8, new NetworkNames((Rate, "heart-rate@1")), _counts));
        Assert.Equal("heart-rate@1", model.Names[Rate]);
        model.Begin(10);
        other.Begin(30);

        Assert.Equal((true, "heart-rate@1"), (model.IsBehind, model.Asked[0].Identity));
        Assert.Same(model.Workers.Single(), other.Workers.Single());
        Assert.Same(model.Asked[0], other.Asked[0]);
        Assert.Equal([new(7, 10, Rate, "heart-rate@1", null), new(8, 30, Rate, "heart-rate@1", null)], _switches);
        model.Clear();
        other.Clear();
        Assert.Equal(2, _sessions.Count);
    }

    [Fact]
    public async Task A_version_that_is_not_there_any_more_is_said_and_the_present_one_is_asked()
    {
        await using var models = Serve("2");
        var model = new PartitionNetworks(models, 7, new NetworkNames((Rate, "heart-rate@1")), _counts);

        model.Begin(10);

        Assert.Equal((false, "heart-rate@2"), (model.IsBehind, model.Names[Rate]));
        Assert.Equal([new(7, 10, Rate, "heart-rate@2", "heart-rate@1", IsGone: true)], _switches);
        Assert.Equal(1, _counts[Count.ModelSwitches]);
        model.Clear();
    }

    [Fact]
    public async Task Networks_of_each_kind_change_by_themselves_and_all_that_is_new_at_one_place()
    {
        await using var models = Serve("1");
        models.Add(_versions.OpenQrs("1"));
        var networks = new PartitionNetworks(models, 7, Names("heart-rate@1", "qrs@1"), _counts);
        networks.Begin(10);
        var (first, rate) = (networks.Asked, networks.Workers.Single());
        Assert.Same(rate, networks.WorkersOf(first[0]));
        Assert.Null(networks.WorkersOf(first[1]));
        networks.Begin(15);
        Assert.Same(first, networks.Asked);

        models.Replace(_versions.OpenQrs("2"));
        Assert.Equal((true, Names("heart-rate@1", "qrs@1")), (networks.IsBehind, networks.Names));
        networks.Prepare();
        Assert.Equal((true, Names("heart-rate@1", "qrs@2"), "qrs@1"), (networks.IsChanging, networks.Names, networks.Asked[1].Identity));
        networks.Change(20);
        Assert.Same(rate, networks.Workers.Single());
        models.Replace(_versions.OpenQrs("3"));
        models.Replace(_versions.Open("2"));
        networks.Prepare();
        networks.Change(30);

        Assert.Equal((false, false), (networks.IsBehind, networks.IsChanging));
        Assert.Equal(("heart-rate@2", "qrs@3"), (networks.Asked[0].Identity, networks.Asked[1].Identity));
        Assert.Equal(
            [new(7, 10, Rate, "heart-rate@1", null), new(7, 10, Qrs, "qrs@1", null), new(7, 20, Qrs, "qrs@2", "qrs@1"), new(7, 30, Rate, "heart-rate@2", "heart-rate@1"), new(7, 30, Qrs, "qrs@3", "qrs@2")],
            _switches);
        networks.Clear();
    }

    [Fact]
    public async Task A_QRS_network_that_a_state_names_is_looked_for_and_said_where_it_is_gone()
    {
        await using var served = TestModels.ServeQrs(_versions.OpenQrs("2"), identity => identity == "qrs@1" ? _versions.OpenQrs("1") : null);
        served.Switched += _switches.Add;
        var (found, gone) = (new PartitionNetworks(served, 1, Names(null, "qrs@1"), _counts), new PartitionNetworks(served, 2, Names(null, "qrs@0"), _counts));

        found.Begin(10);
        gone.Begin(20);

        Assert.Equal((true, "qrs@1"), (found.IsBehind, found.Asked.Single().Identity));
        Assert.Equal((false, "qrs@2"), (gone.IsBehind, gone.Asked.Single().Identity));
        Assert.Equal([new(1, 10, Qrs, "qrs@1", null), new(2, 20, Qrs, "qrs@2", "qrs@0", IsGone: true)], _switches);
        Assert.Equal(Names(null, "qrs@2"), gone.Names);
    }

    private static NetworkNames Names(string? rate, string? qrs) => new((Rate, rate), (Qrs, qrs));

    private NetworkRegistry Serve(string version, Func<string, RateModel?>? find = null)
    {
        var models = TestModels.Serve(_versions.Open(version), open: Open, find: find);
        models.Switched += _switches.Add;
        return models;

        StepSession Open(RateModel model, IReadOnlyList<int> sizes)
        {
            var session = new StepSession(model, sizes);
            _sessions.Add(session);
            return session;
        }
    }
}
