// What redaction costs: whoever knows each private span and whether the reply will repeat it, blanks those that it won't. No fact that is blanked can be read, whatever the attacker; the rest goes out clean.
using System.Globalization;
using Jigsaw.Data;
using Jigsaw.Evaluation.Metrics;
using Jigsaw.Losses;
using Jigsaw.Models;
using Jigsaw.Models.Lora;
using Jigsaw.Steps;
using Jigsaw.Tokenization;
using Jigsaw.Training;
using Jigsaw.Transforms;
using Jigsaw.Transforms.Noise;
using Redaction;
using TorchSharp;

const int Batch = 16;
const double Blank = 100;
var steps = args is [var told] ? int.Parse(told, CultureInfo.InvariantCulture) : 2000;
var folder = Path.Combine(AppContext.BaseDirectory, "models", "support-lm");
using var model = CausalLM.Load(folder, torch.CPU, torch.ScalarType.Float32);
var tokenizer = new NoiseTokenizer(Tokenizer.Load(folder)) { NoiseRoles = [ChatMessage.User] };
using var teacher = new NoisyTeacher(model);
using var student = new NoisyStudent(model, new LoraConfig { Rank = 32, Alpha = 64 }, seed: 0);

// Noise a hundred times as large as an embedding leaves nothing of it, and the transform stays as it is.
using var transform = new StainedGlassTransform(model.EmbeddingTable, new TransformConfig { Std = new TanhStd { Max = Blank, InitialRho = 10 } }, seed: 0);
var batches = new RedactedBatches(new ChatBatches(ChatDataset.Read(Path.Combine(folder, "data", "train.jsonl")), tokenizer, Batch, seed: 0));
using (var trainer = new Trainer(RedactionRecipe.Bind(teacher, student), transform, batches, new TrainingOptions { Steps = steps, LearningRate = 3e-3, FinalLearningRateFraction = 0.05, Frozen = TrainedParts.Transform }))
{
    trainer.Run(step =>
    {
        if (step.Step % 100 == 0)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"step {step.Step}/{steps}  loss {step.Components[ComponentLosses.CompositeKey]:F4}"));
        }
    });
}

var agreement = new AgreementMetric();
var heldOut = new ChatBatches(ChatDataset.Read(Path.Combine(folder, "data", "eval.jsonl"), 200), tokenizer, Batch, seed: 0);
MetricEvaluator.Run([agreement], model, student.Adapters, transform, heldOut.Select(RedactedBatches.Redact));
Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"student(redacted) agrees with teacher(clean) on {agreement[Jigsaw.Pass.StudentNoisy]:P1} of {agreement.Tokens} tokens, teacher(redacted) on {agreement[Jigsaw.Pass.TeacherNoisy]:P1}; {agreement.UnsureShare(Jigsaw.Pass.StudentNoisy):P0} of the student's differences are where the teacher is under 60 % sure."));
