"""Full fine-tuning leaves an ordinary Hugging Face classifier.

Each method has a module of its name here: DVC's templates know the method's name alone.
"""

from textclf.classifiers.encoder import Encoder as Encoder
