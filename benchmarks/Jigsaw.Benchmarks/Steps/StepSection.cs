using TorchSharp;

namespace Jigsaw.Benchmarks.Steps;

/// <summary>Whole training steps of a real model, in multiples of one forward of the bare model.</summary>
internal static class StepSection
{
    public static Table Run(Scale scale)
    {
        using var work = new StepWork(scale.Model, torch.ScalarType.Float32, scale.Device, scale.Chats);
        var table = new Table($"A step of {work.Shape}, {scale.Chats} chats of 128 tokens, in forwards of the bare model", "recipe", "step ms", "÷ forward", "target", "extra peak MB", "target MB");
        (string Name, Action Step, string Time, string Memory)[] cases =
        [
            ("full: 4 forwards, 3 backwards", () => work.Step(work.Full), "≤ 7.7", "≤ 1000"),
            ("full, layers rematerialized", () => work.Step(work.Full, rematerialize: true), "", "≤ 400"),
            ("full, by closures", () => work.Closures(work.Full), "", ""),
            ("performance: 2 forwards, 1 backward", () => work.Step(work.Performance), "≤ 3.3", "≤ 700"),
            ("performance, by closures", () => work.Closures(work.Performance), "", ""),
            ("performance, and two terms of weight 0", () => work.Step(work.Weightless), "as without", "as without"),
            .. work.Model.LayerCount > 8 ? [("L2 at layer 8", () => work.Step(work.Layer), "≤ 0.9", "")] : Array.Empty<(string, Action, string, string)>(),
            ("full, with the teacher's cache", () => work.Step(work.Full, cached: true), "≤ 6.7", ""),
            ("performance, with the teacher's cache", () => work.Step(work.Performance, cached: true), "", ""),
        ];
        var times = Timing.Medians(scale.Rounds, [work.Forward, .. cases.Select(step => step.Step)]);
        table.Add("one forward", Table.Time(times[0]), "1", "", $"{Peak(work, work.Forward):f0}", "");
        for (var i = 0; i < cases.Length; i++)
        {
            table.Add(cases[i].Name, Table.Time(times[i + 1]), $"{times[i + 1] / times[0]:f2}", cases[i].Time, $"{Peak(work, cases[i].Step):f0}", cases[i].Memory);
        }

        if (work.Model.LayerCount > 8)
        {
            table.Add("L2 at layer 8 ÷ performance, the whole model", "", $"{times[7] / times[4]:f2}", "", "", "");
        }

        table.Add("weights of 0 ÷ without the terms", "", $"{times[6] / times[4]:f2}", "1", "", "");
        var pairs = Timing.Medians(scale.Rounds, () => work.TwoForwards(together: true), () => work.TwoForwards(together: false));
        table.Add("one forward of two passes' rows ÷ two forwards", "", $"{pairs[0] / pairs[1]:f2}", "", $"{Peak(work, () => work.TwoForwards(true)) - Peak(work, () => work.TwoForwards(false)):+0;-0}", "");
        table.Add("performance ÷ full", "", $"{times[4] / times[1]:f2}", "≤ 0.55", "", "");
        return table;
    }

    // What a step keeps for the next one is part of its peak.
    private static double Peak(StepWork work, Action step)
    {
        work.Release();
        return PeakMemory.Of(step);
    }
}
