import AdvPOModel
